"""Who may use the live lane: one running and one waiting a session, the newest wins; sessions in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from studio.core.errors import StudioError, Unavailable

WAIT_SECONDS = 120.0
LOOK_SECONDS = 1.0
BUSY = "Nothing was free to run it. Next: try again in a moment, or run it as a job."
OVERTAKEN = "A newer request took the place of this one."
STOPPED = "It was stopped before its turn came."
CLOSED = "The engine ended before its turn came. Next: try again in a moment."


class Superseded(StudioError):
    """A newer request of the same session took this one's place; there is nothing to show for it."""


class Turns:
    """Lets callers in, first come first served, at most `slots()` at once and one a session."""

    def __init__(self, slots: Callable[[], int]):
        self._slots = slots
        self._changed = threading.Condition()
        self._waiting: dict[str, object] = {}  # session -> its newest request, in order of arrival
        self._running: set[str] = set()
        self._closed = False

    @contextmanager
    def take(self, session: str, stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Waits for its turn, and holds it.

        Args:
            stopped: whether it no longer wants its turn; asked every LOOK_SECONDS.

        Raises:
            Superseded: if the same session asked again meanwhile.
            StudioError: if it was stopped.
            Unavailable: if its turn does not come within WAIT_SECONDS, or never will.
        """
        mine = object()
        with self._changed:
            self._waiting[session] = mine  # keeps the place of the request that it replaces
            self._changed.notify_all()
            try:
                self._wait(session, mine, stopped)
                self._running.add(session)
            finally:
                if self._waiting.get(session) is mine:
                    del self._waiting[session]
                self._changed.notify_all()  # there may be room for one more
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(session)
                self._changed.notify_all()

    def close(self) -> None:
        """Refuses all waiting callers, and all later ones."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, session: str, mine: object, stopped: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while True:
            if self._waiting.get(session) is not mine:
                raise Superseded(OVERTAKEN)
            if self._closed:
                raise Unavailable(CLOSED)
            if stopped():
                raise StudioError(STOPPED)
            if self._is_next(session):
                return
            left = end - time.monotonic()
            if left <= 0:
                raise Unavailable(BUSY)
            self._changed.wait(min(left, LOOK_SECONDS))  # nobody tells when a worker joins or leaves

    def _is_next(self, session: str) -> bool:
        ready = (waiting for waiting in self._waiting if waiting not in self._running)
        return len(self._running) < self._slots() and next(ready, None) == session
