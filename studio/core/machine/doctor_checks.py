"""Checks the requirements of the studio on this machine; each check has a remedy."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from studio.core import amounts, paths
from studio.core.errors import StudioError, make_printable
from studio.core.models import presets
from studio.core.process import children, limits, sandbox
from studio.core.version import VERSION
from studio.core.weights import index, pretrained

State = Literal["well", "note", "trouble"]
ENOUGH_DISK_BYTES = 2 * 2**30
ENOUGH_MEMORY_BYTES = 3 * 2**30  # for images of 1024 px in fine mode and most training runs
_KERAS_SECONDS = 120  # time limit to load Keras
_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "pillow", "streamlit", "distributed")
_OPTIONAL_PACKAGES = {"jax", "tensorflow"}

# Run in a child process, so Keras is loaded only there, and a driver crash does no harm.
_DEVICES_SCRIPT = """
import json
from studio.core.process import startup
startup.skip_optional_imports()
import keras
devices = keras.distribution.list_devices()
print(json.dumps({"backend": keras.backend.backend(), "devices": devices}))
"""


@dataclass(frozen=True)
class Check:
    """The result of a check.

    Attributes:
        name: its subject.
        state: "well"; "note" if something could be better; "trouble" if work will fail.
        finding: the observed state, in words.
        remedy: what to do; "" if all is well.
    """

    name: str
    state: State
    finding: str
    remedy: str = ""


def run_checks() -> Iterator[Check]:
    """Runs all checks, quick ones first, and yields their results. Loads no Keras into this process."""
    yield _check_python()
    yield _check_packages()
    yield _check_home()
    yield _check_memory()
    yield _check_processors()
    yield _check_connections()
    yield _check_sandbox()
    yield _check_models()
    yield from _check_weights()
    yield _check_devices()


def _check_python() -> Check:
    finding = (
        f"studio {VERSION}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    if (3, 11) <= sys.version_info < (3, 14):
        return Check("studio", "well", finding)
    return Check("studio", "trouble", finding, "install it with Python 3.11, 3.12 or 3.13")


def _check_packages() -> Check:
    installed_packages, missing_packages = [], []
    for package in _PACKAGES:
        try:
            installed_packages.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing_packages.append(package)
    missing_required = [package for package in missing_packages if package not in _OPTIONAL_PACKAGES]
    if missing_required or set(missing_packages) >= _OPTIONAL_PACKAGES:
        return Check(
            "packages",
            "trouble",
            f"missing: {', '.join(missing_packages)}",
            "install the studio again with pip",
        )
    return Check("packages", "well", ", ".join(installed_packages))


def _check_home() -> Check:
    try:
        home = paths.ensure_home()
        paths.write(home / "cache" / "doctor", b"")
        (home / "cache" / "doctor").unlink()
        free_bytes = shutil.disk_usage(home).free
    except StudioError as error:
        return Check("folder", "trouble", str(error), "mend what the line says")
    except OSError as error:
        return Check(
            "folder", "trouble", f"{error.strerror}", "set STUDIO_HOME to a folder that you may write to"
        )
    finding = f"{home} can be written, {amounts.format_bytes(free_bytes)} free"
    if free_bytes < ENOUGH_DISK_BYTES:
        return Check("folder", "note", finding, "free some space there, or set STUDIO_HOME to a larger disk")
    return Check("folder", "well", finding)


def _check_memory() -> Check:
    free_bytes, total_bytes = limits.read_free_memory(), limits.read_memory_limit()
    finding = f"{free_bytes / 2**30:.1f} of {total_bytes / 2**30:.1f} GiB free"
    if free_bytes < ENOUGH_MEMORY_BYTES:
        return Check("memory", "note", finding, "close other programs, or choose smaller sizes")
    return Check("memory", "well", finding)


def _check_processors() -> Check:
    return Check("processors", "well", f"{limits.count_processors():g} can be used")


def _check_connections() -> Check:
    """Checks that processes could connect to each other and lock files. Starts no process."""
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with socket.create_connection(listener.getsockname(), timeout=5):
                pass
    except OSError as error:
        finding = f"processes cannot reach each other on 127.0.0.1 ({error.strerror or error})"
        return Check("connections", "trouble", finding, "let a firewall or sandbox allow local connections")
    try:
        with paths.locked(paths.ensure_folder("cache") / "doctor.lock"):
            pass
    except (StudioError, OSError) as error:
        finding = f"files cannot be locked ({make_printable(str(error), 200)})"
        return Check("connections", "trouble", finding, "set STUDIO_HOME to a local disk")
    return Check("connections", "well", "its processes can reach each other on this machine alone")


def _check_sandbox() -> Check:
    """Checks the sandbox of the process that opens untrusted models."""
    rules = sandbox.probe_rules()
    accessible = [
        *([] if rules.landlock else ["all files"]),
        *([] if rules.is_network_blocked else ["the network"]),
    ]
    if not accessible:
        finding = "a third-party model is opened without network and with access to its own folder alone"
        return Check("sandbox", "well", f"{finding} ({rules})")
    finding = f"a third-party model is opened with access to {' and '.join(accessible)}"
    remedy = "open models of people you do not know only on Linux 5.13 or later with Landlock switched on"
    return Check("sandbox", "note", f"{finding} (in force: {str(rules) or 'nothing'})", remedy)


def _check_models() -> Check:
    damaged_models = []
    for name in index.load().presets:
        try:
            presets.find(name).check_weights()  # verifies the checksum
        except StudioError:
            damaged_models.append(name)
    if damaged_models:
        return Check(
            "models", "trouble", f"not whole: {', '.join(damaged_models)}", "install the studio again"
        )
    return Check("models", "well", f"all {len(index.load().presets)} that ship are whole")


def _check_weights() -> Iterator[Check]:
    try:
        for name in pretrained.list_names():
            status = pretrained.get_status(name)
            if status.cached:
                yield Check(f"weights {name}", "well", f"here, {amounts.format_bytes(status.bytes)} on disk")
            else:
                size = f"a download of {amounts.format_bytes(status.download_bytes)} from {status.where}"
                remedy = f"run `studio weights pull {name}`, or it is fetched when first needed"
                yield Check(f"weights {name}", "note", f"not here yet, {size}", remedy)
    except (StudioError, OSError) as error:
        yield Check("weights", "trouble", make_printable(str(error), 500), "mend what the line says")


def _check_devices() -> Check:
    try:
        child = subprocess.run(
            children.build_command("-c", _DEVICES_SCRIPT),
            env=children.build_environment(),
            capture_output=True,
            timeout=_KERAS_SECONDS,
            check=True,
        )
        response = json.loads(child.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return Check(
            "devices", "trouble", f"Keras was not ready in {_KERAS_SECONDS} s", "restart the machine"
        )
    except (subprocess.CalledProcessError, OSError, ValueError, IndexError) as error:
        return Check(
            "devices", "trouble", _describe_failure(error), "run `python -c 'import keras'` to see all of it"
        )
    gpus = [device for device in response["devices"] if not device.startswith("cpu")]
    device_names = ", ".join(response["devices"])
    if gpus or not _has_nvidia():
        return Check("devices", "well", f"backend {response['backend']}, {device_names}")
    remedy = "run `pip install -e '.[gpu]'` in the studio's folder to use the graphics card"
    return Check(
        "devices", "note", f"backend {response['backend']}, {device_names}, an unused graphics card", remedy
    )


def _describe_failure(error: Exception) -> str:
    """Returns the last line that a failed process wrote to stderr, in a sentence."""
    lines = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
    return f"Keras cannot be loaded ({make_printable(lines[-1] if lines else str(error))})"


def _has_nvidia() -> bool:
    return shutil.which("nvidia-smi") is not None
