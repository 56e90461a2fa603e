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

DAY_SECONDS = 86_400.0
_CATCH_UP_RATE = 2.0  # seconds of trusted time per second of this process
_last_readings: dict[Path, float] = {}  # last reading of each file by this process, on the monotonic clock


def update_trusted_time(file: Path) -> float:
    """Returns the trusted time in seconds since 1970, at most that of the system clock, and stores it.

    Args:
        file: stores the trusted time between readings, also for other processes.

    Raises:
        InsufficientSpace: if the disk is full.
    """
    system_time, uptime = time.time(), time.monotonic()
    elapsed = uptime - _last_readings.get(file, uptime)
    _last_readings[file] = uptime
    last_trusted = _read_time(file)
    if last_trusted is None or system_time <= last_trusted + elapsed + DAY_SECONDS:
        now = system_time
    else:
        now = last_trusted + _CATCH_UP_RATE * elapsed
    paths.write(file, f"{now!r}\n".encode())
    return now


def _read_time(file: Path) -> float | None:
    """Returns the stored trusted time in seconds since 1970; None if the file is missing or damaged."""
    with suppress(OSError, ValueError):
        seconds = float(file.read_text())
        return seconds if math.isfinite(seconds) else None  # otherwise no time would ever be trusted again
    return None
