"""Memory and CPU limits of containers are read from both versions of control groups."""

from __future__ import annotations

from collections import namedtuple

import psutil
import pytest

from studio.core.machine import doctor_checks
from studio.core.process import limits

GIB = 2**30
VirtualMemory = namedtuple("VirtualMemory", "total available")


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Simulates a machine of 16 GiB, 9 of them free, and 8 processors, with control groups from files."""
    monkeypatch.setattr(limits, "_CGROUP_ROOT", tmp_path / "groups")
    monkeypatch.setattr(limits, "_CGROUP_FILE", tmp_path / "own")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: VirtualMemory(16 * GIB, 9 * GIB))
    monkeypatch.setattr(limits.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def write(own: str, files: dict[str, str]) -> None:
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def read_limits() -> tuple[float, float, float]:
    return limits.read_memory_limit() / GIB, limits.read_free_memory() / GIB, limits.count_processors()


def test_without_control_groups_the_limits_are_those_of_the_machine(groups):
    assert read_limits() == (16, 9, 8)


FILES_2 = {
    "memory.max": str(4 * GIB),
    "memory.current": str(3 * GIB),
    "memory.stat": f"anon 1\ninactive_file {GIB}\n",
    "cpu.max": "150000 100000\n",
}
FILES_1 = {
    "memory/memory.limit_in_bytes": str(4 * GIB),
    "memory/memory.usage_in_bytes": str(3 * GIB),
    "memory/memory.stat": f"inactive_file 0\ntotal_inactive_file {GIB}\n",
    "cpu/cpu.cfs_quota_us": "150000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
}
OWN_1 = "9:name=systemd:/\n4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n"


@pytest.mark.parametrize(
    "own, files",
    [
        ("0::/\n", FILES_2),  # as a container sees its own group
        ("0::/user.slice/job\n", {f"user.slice/{name}": text for name, text in FILES_2.items()}),
        ("0::/docker/abc\n", FILES_2),  # the host's name for the container's root group
        (OWN_1, FILES_1),
        (OWN_1, {name.replace("/", "/docker/abc/"): text for name, text in FILES_1.items()}),
    ],
    ids=["2", "2 around it", "2 under another name", "1", "1 under its name"],
)
def test_a_container_has_the_limits_of_its_group(groups, own, files):
    groups(own, files)
    assert read_limits() == (4, 2, 1.5)
    assert doctor_checks._check_memory().finding == "2.0 of 4.0 GiB free"
    assert doctor_checks._check_processors().finding == "1.5 can be used"


def test_the_lowest_limit_of_nested_groups_counts(groups):
    groups("0::/a/b\n", {"memory.max": str(8 * GIB), "a/memory.max": str(2 * GIB), "a/b/memory.max": "max\n"})
    assert limits.read_memory_limit() == 2 * GIB


def test_groups_without_limits_have_those_of_the_machine(groups):
    groups("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"})
    assert read_limits() == (16, 9, 8)
    groups(OWN_1, {"memory/memory.limit_in_bytes": str(2**63 - 4096), "cpu/cpu.cfs_quota_us": "-1\n"})
    assert read_limits() == (16, 9, 8)


@pytest.mark.parametrize("text", ["", "rubbish", "1:2", "0::/\n"])
def test_unreadable_files_are_no_limit(groups, text):
    groups(text, {"memory.max": "rubbish", "cpu.max": "1"})
    assert read_limits() == (16, 9, 8)
