"""The memory and the processors that this process may use: the machine's, or what its container leaves it.

psutil and Python know only the machine's; a container's limits stand in the files of its control group.
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
    """Bytes of memory that there are."""
    return min([psutil.virtual_memory().total, *(most for _, most in _memory_limits())])


def free_memory() -> int:
    """Bytes of memory that nothing uses, or that only hold copies of files."""
    left = [most - _used(group) for group, most in _memory_limits()]
    return max(0, min([psutil.virtual_memory().available, *left]))


def processors() -> float:
    """How many processors' time there is; of a container also a part of one."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(mine), *_processor_limits()])


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's group and of those around it, as version 2 or 1 lays them out.

    A container may show its own group as the first one, whatever name the machine has for it.
    """
    with suppress(OSError, ValueError):
        for line in _OWN.read_text().splitlines():
            _, controllers, own = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            top = _GROUPS / controller if controllers else _GROUPS
            group = top / own.strip("/")
            yield from (one for one in (group, *group.parents) if one.is_relative_to(top))


def _memory_limits() -> Iterator[tuple[Path, int]]:
    for group in _groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # "max" where there is no limit
                yield group, int((group / name).read_text())


def _used(group: Path) -> int:
    for name in ("memory.current", "memory.usage_in_bytes"):
        with suppress(OSError, ValueError):
            return int((group / name).read_text()) - _copies_of_files(group)
    return 0


def _copies_of_files(group: Path) -> int:
    """What the kernel would give back: of a whole group, under either version's name."""
    found = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return int(found.get("total_inactive_file", found.get("inactive_file", 0)))


def _processor_limits() -> Iterator[float]:
    for group in _groups("cpu"):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if int(quota) > 0:  # -1 where there is no limit
                yield int(quota) / int(period)
