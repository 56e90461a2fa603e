"""Runs a module of the studio in a sandbox: no network, no other programs, only its own files.

Run as `python -P -m studio.core.process.sandbox MODULE FILE...`: the module may read the files and the
installed libraries, and write only to the working folder. Each rule applies if the kernel supports it.
Without a module, it prints which rules apply.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import runpy
import site
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.core.process import children, landlock, seccomp

# System files that libraries need, in addition to the installed packages.
_SYSTEM_PATHS = (
    *("/usr", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory"),
    *("/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/dev/random"),
)
_PACKAGES = ("site-packages", "dist-packages")
_PROBE_SECONDS = 60  # time limit of a process that only prints the rules; it takes a fraction of a second
_SET_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_CAPABILITY_VERSION = 0x20080522  # the version of the kernel's interface
_READ_ALL = 1 << 1  # lets root read files of others, within the limits of Landlock


@dataclass(frozen=True)
class Rules:
    """The rules that apply in a sandbox.

    Attributes:
        landlock: the version of the kernel's interface; 0 if other files are accessible.
        seccomp: whether sockets and other programs are refused.
        namespace: whether it has its own network namespace, without connections.
    """

    landlock: int = 0
    seccomp: bool = False
    namespace: bool = False

    @property
    def is_network_blocked(self) -> bool:
        """Whether the network is inaccessible."""
        return self.seccomp or self.namespace

    def __str__(self) -> str:
        descriptions = [f"Landlock {self.landlock}"] if self.landlock else []
        descriptions += ["seccomp"] if self.seccomp else []
        return ", ".join(descriptions + (["a network namespace"] if self.namespace else []))


def build_command(module: str, *files: Path) -> list[str]:
    """Returns the command that runs a module in a sandbox, which may read `files` and write to its folder."""
    return children.build_command("-m", __name__, module, *map(str, files))


def probe_rules() -> Rules:
    """Returns the rules that apply in a sandbox on this machine, by entering one in a child process."""
    command, environment = children.build_command("-m", __name__), children.build_environment()
    try:
        child = subprocess.run(
            command, capture_output=True, timeout=_PROBE_SECONDS, check=True, env=environment
        )
        return Rules(**json.loads(child.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return Rules()


def enter(readable: Iterable[Path] = (), writable: Iterable[Path] = ()) -> Rules:
    """Puts this process into a sandbox that it cannot leave, as far as the kernel supports it.

    Call it before starting threads: running threads would stay outside.

    Args:
        readable: files and folders that it may read, in addition to the installed libraries.
        writable: folders that it may read and write.

    Returns:
        The rules that apply.
    """
    if sys.platform != "linux":
        return Rules()
    namespace = _isolate_network()  # first, because seccomp refuses it
    zero = ctypes.c_ulong(0)
    ctypes.CDLL(None).prctl(_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero)  # required by the rest
    version = landlock.restrict_files([*_find_libraries(), *readable], writable)
    _drop_capabilities()
    return Rules(version, seccomp.deny_calls(), namespace)


def _isolate_network() -> bool:
    """Moves this process into its own network namespace. Returns whether the kernel allowed it."""
    unshare = ctypes.CDLL(None).unshare
    return unshare(_NEW_NET) == 0 or unshare(_NEW_USER | _NEW_NET) == 0


def _drop_capabilities() -> None:
    """Drops root's capabilities, which would allow to change the machine's clock, name and disks."""
    libc = ctypes.CDLL(None)
    header, data = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, data) == 0:  # effective, permitted and inheritable, then their upper halves
        capabilities = data[1] & _READ_ALL
        libc.capset(header, (ctypes.c_uint32 * 6)(capabilities, capabilities))


def _find_libraries() -> Iterator[Path]:
    """Yields the paths of Python, the installed packages, the studio and the system's libraries."""
    yield from map(
        Path, (*_SYSTEM_PATHS, sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages())
    )
    yield from (Path(entry) for entry in sys.path if Path(entry).name in _PACKAGES)
    yield from (Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if entry)
    yield Path(__file__).resolve().parents[2]
    keras = importlib.util.find_spec("keras")  # finds it without loading it
    if keras and keras.origin:
        yield Path(keras.origin).parents[1]


def main() -> None:
    """Enters a sandbox and runs the module in the arguments; without one, prints the rules as JSON."""
    module, *files = sys.argv[1:] or [""]
    rules = enter(map(Path, files), [Path.cwd()] if module else [])
    if not module:
        sys.stdout.write(json.dumps(asdict(rules)))
        return
    sys.argv[:] = [module, *files]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
