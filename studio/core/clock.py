"""A trusted time of day, for the automatic removal of old work.

A system clock that is wrong once, e.g. after an empty battery or on a restored machine, must not make all
work look old. So the last trusted time is stored on disk. If the system clock is ahead of it by more than the
time that this process has measured since then plus a day, the trusted time advances at twice the speed of the
process until it has caught up. After a jump of any size, work that is kept for 90 days thus stays for at
least 44 days of running time, regardless of restarts. The price: after a long shutdown, old work is removed
later.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from pathlib import Path

from studio.core import paths

DAY = 86_400.0  # s
_CATCH_UP = 2.0  # seconds of trusted time per second of this process
_looks: dict[Path, float] = {}  # last reading of each file by this process, on the monotonic clock


def trusted_time(file: Path) -> float:
    """Returns the trusted time in seconds since 1970, at most that of the system clock.

    Args:
        file: stores the trusted time between readings, also for other processes.

    Raises:
        InsufficientSpace: if the disk is full.
    """
    wall, uptime = time.time(), time.monotonic()
    elapsed = uptime - _looks.get(file, uptime)
    _looks[file] = uptime
    last = _read(file)
    now = wall if last is None or wall <= last + elapsed + DAY else last + _CATCH_UP * elapsed
    paths.write(file, f"{now!r}\n".encode())
    return now


def _read(file: Path) -> float | None:
    with suppress(OSError, ValueError):
        seconds = float(file.read_text())
        return seconds if math.isfinite(seconds) else None  # otherwise no time would ever be trusted again
    return None
