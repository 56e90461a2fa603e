"""The memory and processors that this process may use: of the machine, or the limits of its container.

psutil and Python only report those of the machine; the limits of a container are in its control group.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_CGROUP_FILE = Path("/proc/self/cgroup")


def read_memory_limit() -> int:
    """Returns the bytes of memory that this process may use."""
    return min([psutil.virtual_memory().total, *(limit for _, limit in _read_memory_limits())])


def read_free_memory() -> int:
    """Returns the bytes of free memory, file caches included."""
    remaining = [limit - _read_used_memory(group) for group, limit in _read_memory_limits()]
    return max(0, min([psutil.virtual_memory().available, *remaining]))


def count_cores() -> int:
    """Returns the number of cores that this process may run on, without the limits of a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_processors() -> float:
    """Returns the number of processors that this process may use; in a container possibly a fraction."""
    return min([float(count_cores()), *_read_processor_limits()])


def _find_groups(controller: str) -> Iterator[Path]:
    """Yields the folders of this process's control group and its parents, for version 2 or 1.

    A container may show its own group as the root, independent of its name on the machine.
    """
    with suppress(OSError, ValueError):
        for line in _CGROUP_FILE.read_text().splitlines():
            _, controllers, own_path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = _CGROUP_ROOT / controller if controllers else _CGROUP_ROOT
            group = root / own_path.strip("/")
            yield from (parent for parent in (group, *group.parents) if parent.is_relative_to(root))


def _read_memory_limits() -> Iterator[tuple[Path, int]]:
    """Yields each control group with a memory limit, and the limit in bytes."""
    for group in _find_groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # "max" if there is no limit
                yield group, int((group / name).read_text())


def _read_used_memory(group: Path) -> int:
    """Returns the bytes that a control group uses, without file caches that the kernel would free."""
    for name in ("memory.current", "memory.usage_in_bytes"):
        with suppress(OSError, ValueError):
            return int((group / name).read_text()) - _read_file_caches(group)
    return 0


def _read_file_caches(group: Path) -> int:
    """Returns the bytes of file caches that the kernel would free, in either version of control groups."""
    stats = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(stats.get("total_inactive_file", stats.get("inactive_file", 0)))


def _read_processor_limits() -> Iterator[float]:
    """Yields the limit of each control group, in processors."""
    for group in _find_groups("cpu"):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if int(quota) > 0:  # -1 if there is no limit
                yield int(quota) / int(period)
