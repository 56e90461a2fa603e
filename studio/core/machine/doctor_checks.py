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
from studio.core.errors import StudioError, printable
from studio.core.models import presets
from studio.core.process import children, limits, sandbox
from studio.core.version import VERSION
from studio.core.weights import index, pretrained

State = Literal["well", "note", "trouble"]
ENOUGH_BYTES = 2 * 2**30  # bytes of free disk space
ENOUGH_MEMORY = 3 * 2**30  # bytes, for images of 1024 px in fine mode and most training runs
_MOST_SECONDS = 120  # time limit to load Keras
_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "pillow", "streamlit", "distributed")
_OPTIONAL = {"jax", "tensorflow"}

# Run in a child process, so Keras is loaded only there, and a driver crash does no harm.
_DEVICES = """
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


def checks() -> Iterator[Check]:
    """Runs all checks, quick ones first. Loads no Keras into this process."""
    yield _python()
    yield _versions()
    yield _home()
    yield _memory()
    yield _processors()
    yield _engine()
    yield _sandbox()
    yield _models()
    yield from _weights()
    yield _devices()


def _python() -> Check:
    finding = (
        f"studio {VERSION}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    )
    if (3, 11) <= sys.version_info < (3, 14):
        return Check("studio", "well", finding)
    return Check("studio", "trouble", finding, "install it with Python 3.11, 3.12 or 3.13")


def _versions() -> Check:
    installed, missing = [], []
    for package in _PACKAGES:
        try:
            installed.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    lacking = [package for package in missing if package not in _OPTIONAL]
    if lacking or set(missing) >= _OPTIONAL:
        return Check(
            "packages", "trouble", f"missing: {', '.join(missing)}", "install the studio again with pip"
        )
    return Check("packages", "well", ", ".join(installed))


def _home() -> Check:
    try:
        home = paths.home()
        paths.write(home / "cache" / "doctor", b"")
        (home / "cache" / "doctor").unlink()
        free = shutil.disk_usage(home).free
    except StudioError as error:
        return Check("folder", "trouble", str(error), "mend what the line says")
    except OSError as error:
        return Check(
            "folder", "trouble", f"{error.strerror}", "set STUDIO_HOME to a folder that you may write to"
        )
    finding = f"{home} can be written, {amounts.size(free)} free"
    if free < ENOUGH_BYTES:
        return Check("folder", "note", finding, "free some space there, or set STUDIO_HOME to a larger disk")
    return Check("folder", "well", finding)


def _memory() -> Check:
    free, total = limits.free_memory(), limits.memory()
    finding = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    if free < ENOUGH_MEMORY:
        return Check("memory", "note", finding, "close other programs, or choose smaller sizes")
    return Check("memory", "well", finding)


def _processors() -> Check:
    return Check("processors", "well", f"{limits.processors():g} can be used")


def _engine() -> Check:
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
        with paths.locked(paths.folder("cache") / "doctor.lock"):
            pass
    except (StudioError, OSError) as error:
        finding = f"files cannot be locked ({printable(str(error), 200)})"
        return Check("connections", "trouble", finding, "set STUDIO_HOME to a local disk")
    return Check("connections", "well", "its processes can reach each other on this machine alone")


def _sandbox() -> Check:
    """Checks the sandbox of the process that opens untrusted models."""
    rules = sandbox.in_force()
    open_to = [*([] if rules.landlock else ["all files"]), *([] if rules.network else ["the network"])]
    if not open_to:
        finding = "a third-party model is opened without network and with access to its own folder alone"
        return Check("sandbox", "well", f"{finding} ({rules})")
    finding = f"a third-party model is opened with access to {' and '.join(open_to)}"
    remedy = "open models of people you do not know only on Linux 5.13 or later with Landlock switched on"
    return Check("sandbox", "note", f"{finding} (in force: {str(rules) or 'nothing'})", remedy)


def _models() -> Check:
    broken = []
    for name in index.load().presets:
        try:
            presets.find(name).weights()  # verifies the checksum
        except StudioError:
            broken.append(name)
    if broken:
        return Check("models", "trouble", f"not whole: {', '.join(broken)}", "install the studio again")
    return Check("models", "well", f"all {len(index.load().presets)} that ship are whole")


def _weights() -> Iterator[Check]:
    try:
        for name in pretrained.names():
            status = pretrained.status(name)
            if status.cached:
                yield Check(f"weights {name}", "well", f"here, {amounts.size(status.bytes)} on disk")
            else:
                size = f"a download of {amounts.size(status.download_bytes)} from {status.where}"
                remedy = f"run `studio weights pull {name}`, or it is fetched when first needed"
                yield Check(f"weights {name}", "note", f"not here yet, {size}", remedy)
    except (StudioError, OSError) as error:
        yield Check("weights", "trouble", printable(str(error), 500), "mend what the line says")


def _devices() -> Check:
    try:
        child = subprocess.run(
            children.command("-c", _DEVICES),
            env=children.environment(),
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=True,
        )
        response = json.loads(child.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return Check("devices", "trouble", f"Keras was not ready in {_MOST_SECONDS} s", "restart the machine")
    except (subprocess.CalledProcessError, OSError, ValueError, IndexError) as error:
        return Check(
            "devices", "trouble", _last_line(error), "run `python -c 'import keras'` to see all of it"
        )
    gpus = [device for device in response["devices"] if not device.startswith("cpu")]
    device_names = ", ".join(response["devices"])
    if gpus or not _has_nvidia():
        return Check("devices", "well", f"backend {response['backend']}, {device_names}")
    remedy = "run `pip install -e '.[gpu]'` in the studio's folder to use the graphics card"
    return Check(
        "devices", "note", f"backend {response['backend']}, {device_names}, an unused graphics card", remedy
    )


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
    return f"Keras cannot be loaded ({printable(lines[-1] if lines else str(error))})"


def _has_nvidia() -> bool:
    return shutil.which("nvidia-smi") is not None
