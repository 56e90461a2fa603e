"""The memory and processors that this process may use: of the machine, or the limits of its container.

psutil and Python only report those of the machine; the limits of a container are in its control group.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def memory() -> int:
    """Returns the bytes of memory that this process may use."""
    return min([psutil.virtual_memory().total, *(most for _, most in _memory_limits())])


def free_memory() -> int:
    """Returns the bytes of free memory, file caches included."""
    left = [most - _used(group) for group, most in _memory_limits()]
    return max(0, min([psutil.virtual_memory().available, *left]))


def processors() -> float:
    """Returns the number of processors; in a container possibly a fraction."""
    own_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(own_cores), *_processor_limits()])


def _groups(controller: str) -> Iterator[Path]:
    """Yields the folders of this process's control group and its parents, for version 2 or 1.

    A container may show its own group as the root, independent of its name on the machine.
    """
    with suppress(OSError, ValueError):
        for line in _OWN.read_text().splitlines():
            _, controllers, own = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            top = _GROUPS / controller if controllers else _GROUPS
            group = top / own.strip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _memory_limits() -> Iterator[tuple[Path, int]]:
    for group in _groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # "max" if there is no limit
                yield group, int((group / name).read_text())


def _used(group: Path) -> int:
    for name in ("memory.current", "memory.usage_in_bytes"):
        with suppress(OSError, ValueError):
            return int((group / name).read_text()) - _copies_of_files(group)
    return 0


def _copies_of_files(group: Path) -> int:
    """Returns the bytes of file caches that the kernel would free, in either version of control groups."""
    stats = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(stats.get("total_inactive_file", stats.get("inactive_file", 0)))


def _processor_limits() -> Iterator[float]:
    for group in _groups("cpu"):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if int(quota) > 0:  # -1 if there is no limit
                yield int(quota) / int(period)
