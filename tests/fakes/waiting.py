"""Waits for a condition, so that no test sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

TIMEOUT_SECONDS = 240.0  # the first runs on a busy machine are slow, and no test measures time

Value = TypeVar("Value")


def wait_until(holds: Callable[[], Value], seconds: float = TIMEOUT_SECONDS, pause: float = 0.02) -> Value:
    """Calls a function until it returns a true value.

    Args:
        holds: returns whether the condition holds, or a value that is false until then.
        seconds: after which the test fails.
        pause: seconds between two checks; longer for a check that takes long.

    Returns:
        The true value.
    """
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "the condition never held"
        time.sleep(pause)
    return value
