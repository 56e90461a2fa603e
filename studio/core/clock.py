"""The time of day as far as it is trusted: what removes old work by itself goes by it.

A wall clock that is wrong once, as after an empty battery or in a restored machine, must not make everything
look old. So the time of the last look is kept on disk. Where the wall clock is ahead of it by more than the
time since then, as this process measured it, and a day, it is not trusted: the trusted time then goes twice
as fast as this process runs until it has caught up. After a jump of any size, work that is kept for 90 days
thus stays for at least 44 days in which the studio runs, however often it is started. The price: after a long
time switched off, old work is removed later.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from pathlib import Path

from studio.core import paths

DAY = 86_400.0  # s
_CATCH_UP = 2.0  # seconds of trusted time for one of this process
_looks: dict[Path, float] = {}  # when this process last looked at each file, by the monotonic clock


def trusted_time(file: Path) -> float:
    """The time in seconds since 1970, at most that of the wall clock.

    Args:
        file: where the trusted time is kept from one look to the next, also by other processes.

    Raises:
        NoRoom: if the disk is full.
    """
    grid, here = time.time(), time.monotonic()
    elapsed = here - _looks.get(file, here)
    _looks[file] = here
    known = _read(file)
    now = grid if known is None or grid <= known + elapsed + DAY else known + _CATCH_UP * elapsed
    paths.write(file, f"{now!r}\n".encode())
    return now


def _read(file: Path) -> float | None:
    with suppress(OSError, ValueError):
        known = float(file.read_text())
        return known if math.isfinite(known) else None  # else no time would ever be believed again
    return None
