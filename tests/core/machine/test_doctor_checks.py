"""The doctor names each problem and its remedy."""

from __future__ import annotations

import shutil
import socket
from collections import namedtuple

import psutil
import pytest
import tiny_weights

from studio.core import paths
from studio.core.machine import doctor_checks
from studio.core.process import sandbox
from studio.core.weights import pretrained


@pytest.fixture
def checks(home, monkeypatch):
    """Runs all checks with small weights, except for the devices, which take seconds."""
    tiny_weights.install(monkeypatch)
    monkeypatch.setattr(
        doctor_checks, "_check_devices", lambda: doctor_checks.Check("devices", "well", "none asked")
    )
    return lambda: {check.name: check for check in doctor_checks.run_checks()}


def test_all_checks_are_well_except_for_missing_weights(checks):
    results = checks()
    states = {name: check.state for name, check in results.items() if name not in ("memory", "sandbox")}
    assert states == dict.fromkeys(states, "well") | {"weights tiny": "note", "weights twin": "note"}
    assert "studio weights pull tiny" in results["weights tiny"].remedy


def test_cached_weights_are_well(checks, tmp_path):
    archive = tmp_path / tiny_weights.FILE
    archive.write_bytes(tiny_weights.ARCHIVE)
    pretrained.pull("tiny", source=archive)
    assert checks()["weights tiny"].state == "well"


def test_a_home_that_cannot_be_written_is_trouble(checks, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "/dev/null/home")
    check = checks()["folder"]
    assert check.state == "trouble"
    assert check.remedy


def test_a_nearly_full_disk_is_noted(checks, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 10**10, 10**8))
    check = checks()["folder"]
    assert (check.state, "100 MB free" in check.finding) == ("note", True)


def test_a_missing_package_is_trouble(checks, monkeypatch):
    monkeypatch.setattr(doctor_checks, "_PACKAGES", ("numpy", "no-such-package"))
    check = checks()["packages"]
    assert (check.state, "no-such-package" in check.finding) == ("trouble", True)


def test_a_failing_import_of_keras_is_explained(home, monkeypatch):
    monkeypatch.setattr(doctor_checks, "_DEVICES_SCRIPT", "raise ImportError('libcuda is broken')")
    check = doctor_checks._check_devices()
    assert (check.state, "libcuda is broken" in check.finding) == ("trouble", True)


@pytest.mark.parametrize("free, state", [(2 * 2**30, "note"), (9 * 2**30, "well")])
def test_little_memory_is_noted(checks, monkeypatch, free, state):
    memory = namedtuple("VirtualMemory", "total available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(16 * 2**30, free))
    check = checks()["memory"]
    assert (check.state, check.finding) == (state, f"{free / 2**30:.1f} of 16.0 GiB free")


def test_processes_that_cannot_reach_each_other_are_trouble(checks, monkeypatch):
    def refuse(*_, **__):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    check = checks()["connections"]
    assert (check.state, "127.0.0.1" in check.finding) == ("trouble", True)


ALL = sandbox.Rules(landlock=7, seccomp=True)
ISOLATED = "a third-party model is opened without network and with access to its own folder alone"


@pytest.mark.parametrize(
    "rules, state, expected",
    [
        (ALL, "well", f"{ISOLATED} (Landlock 7, seccomp)"),
        (sandbox.Rules(seccomp=True), "note", "opened with access to all files (in force: seccomp)"),
        (sandbox.Rules(landlock=1), "note", "opened with access to the network (in force: Landlock 1)"),
        (sandbox.Rules(), "note", "opened with access to all files and the network (in force: nothing)"),
    ],
)
def test_the_access_of_third_party_models_is_described(checks, monkeypatch, rules, state, expected):
    monkeypatch.setattr(sandbox, "probe_rules", lambda: rules)
    check = checks()["sandbox"]
    assert check.state == state and check.finding.endswith(expected)
    assert bool(check.remedy) == (state == "note")


def test_a_shipped_model_with_other_bytes_is_trouble(home, monkeypatch, tmp_path):
    assert doctor_checks._check_models().state == "well"
    shutil.copytree(paths.shipped_path("pretrained"), tmp_path / "pretrained")
    weights_file = next((tmp_path / "pretrained" / "alice").glob("*.h5"))
    damaged = bytearray(weights_file.read_bytes())
    damaged[-9] ^= 1
    weights_file.write_bytes(damaged)
    monkeypatch.setattr(paths, "shipped_path", lambda name: tmp_path / name)
    check = doctor_checks._check_models()
    assert (check.state, check.finding) == ("trouble", "not whole: alice")
