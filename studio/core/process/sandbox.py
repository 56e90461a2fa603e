"""Runs a module of the studio where it reaches little: no network, no other program, no file but its own.

Run as `python -P -m studio.core.process.sandbox MODULE FILE...`: the module may read the files and the
installed libraries, and write to the working folder alone. Each rule is in force where the kernel offers
it. Without a module it says which ones are.
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

# What libraries need of the system, next to the installed packages.
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory"),
    *("/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/dev/random"),
)
_PACKAGES = ("site-packages", "dist-packages")
_SECONDS = 60  # for a process that only says what is in force; it takes a fraction of one
_SET_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_CAPABILITIES = 0x20080522  # the version of the kernel's interface
_TO_READ_ALL = 1 << 1  # root reads what belongs to others, as far as Landlock lets it


@dataclass(frozen=True)
class Rules:
    """What is in force in a sandbox.

    Attributes:
        landlock: the version of the kernel's interface; 0 where other files are in reach.
        seccomp: whether sockets and other programs are refused.
        namespace: whether it has a network of its own, without a way out.
    """

    landlock: int = 0
    seccomp: bool = False
    namespace: bool = False

    @property
    def network(self) -> bool:
        """Whether the network is out of reach."""
        return self.seccomp or self.namespace

    def __str__(self) -> str:
        names = [f"Landlock {self.landlock}"] if self.landlock else []
        names += ["seccomp"] if self.seccomp else []
        return ", ".join(names + (["a network namespace"] if self.namespace else []))


def command(module: str, *files: Path) -> list[str]:
    """What starts a module in a sandbox; its working folder is the one that it may write to."""
    return children.command("-m", __name__, module, *map(str, files))


def in_force() -> Rules:
    """What is in force in a sandbox on this machine: a process enters one and says so."""
    asked, environment = children.command("-m", __name__), children.environment()
    try:
        said = subprocess.run(asked, capture_output=True, timeout=_SECONDS, check=True, env=environment)
        return Rules(**json.loads(said.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return Rules()


def enter(reads: Iterable[Path] = (), writes: Iterable[Path] = ()) -> Rules:
    """Puts this process into a sandbox that it cannot leave, as far as the kernel offers one.

    Threads that run already would stay outside: enter it first.

    Args:
        reads: files and folders that it may read, next to the installed libraries.
        writes: folders that it may read and write.
    """
    if sys.platform != "linux":
        return Rules()
    namespace = _leave_network()  # first, since seccomp refuses that
    zero = ctypes.c_ulong(0)
    ctypes.CDLL(None).prctl(_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero)  # the rest needs it
    version = landlock.restrict([*_libraries(), *reads], writes)
    _give_up_root()
    return Rules(version, seccomp.restrict(), namespace)


def _leave_network() -> bool:
    unshare = ctypes.CDLL(None).unshare
    return unshare(_NEW_NET) == 0 or unshare(_NEW_USER | _NEW_NET) == 0


def _give_up_root() -> None:
    """Where the studio runs as root, this process could change the machine's clock, name and disks."""
    system = ctypes.CDLL(None)
    header, data = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if system.capget(header, data) == 0:  # effective, permitted and inheritable, then their upper halves
        kept = data[1] & _TO_READ_ALL
        system.capset(header, (ctypes.c_uint32 * 6)(kept, kept))


def _libraries() -> Iterator[Path]:
    """Where Python, the installed packages, the studio and the libraries of the system lie."""
    yield from map(Path, (*_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages()))
    yield from (Path(one) for one in sys.path if Path(one).name in _PACKAGES)
    yield from (Path(one) for one in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if one)
    yield Path(__file__).resolve().parents[2]
    keras = importlib.util.find_spec("keras")  # wherever it lies; this does not load it
    if keras and keras.origin:
        yield Path(keras.origin).parents[1]


def main() -> None:
    """Enters a sandbox, and runs the module of the arguments there; says what is in force without one."""
    module, *files = sys.argv[1:] or [""]
    rules = enter(map(Path, files), [Path.cwd()] if module else [])
    if not module:
        sys.stdout.write(json.dumps(asdict(rules)))
        return
    sys.argv[:] = [module, *files]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
