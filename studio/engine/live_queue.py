"""Who may use the live lane: one running and one waiting per session, the newest wins; owners take turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from studio.core.errors import StudioError, Unavailable

WAIT_SECONDS = 120.0
LOOK_SECONDS = 1.0
BUSY = "Nothing was free to run it. Try again in a moment, or run it as a job."
OVERTAKEN = "A newer request took the place of this one."
STOPPED = "It was stopped before its turn came."
CLOSED = "The engine ended before its turn came. Try again in a moment."


class Superseded(StudioError):
    """A newer request of the same session took this one's place; there is nothing to show for it."""


class Turns:
    """Lets callers in, at most `slots()` at once and one per session.

    Of those that wait, an owner with fewer running is first, then the one whose last turn is longest ago, so
    that many sessions of one owner hold up another for one turn only. Those of one owner keep their order.
    """

    def __init__(self, slots: Callable[[], int]):
        self._slots = slots
        self._changed = threading.Condition()
        self._waiting: dict[str, object] = {}  # session -> its newest request, in order of arrival
        self._running: set[str] = set()
        self._owners: dict[str, str] = {}  # of each session that waits or runs
        self._last_turns: dict[str, int] = {}  # owner -> number of the newest turn; of those with a session
        self._count = 0
        self._closed = False

    @contextmanager
    def take(self, session: str, owner: str, stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Waits for its turn, and holds it.

        Args:
            session: of which one request runs at a time.
            owner: with whose sessions those of others take turns.
            stopped: whether it no longer wants its turn; asked every LOOK_SECONDS.

        Raises:
            Superseded: if the same session asked again meanwhile.
            StudioError: if it was stopped.
            Unavailable: if its turn does not come within WAIT_SECONDS, or never will.
        """
        mine = object()
        with self._changed:
            self._owners[session] = owner
            self._waiting[session] = mine  # keeps the place of the request that it replaces
            self._changed.notify_all()
            try:
                self._wait(session, mine, stopped)
                self._running.add(session)
                self._count += 1
                self._last_turns[owner] = self._count
            finally:
                if self._waiting.get(session) is mine:
                    del self._waiting[session]
                self._forget(session)
                self._changed.notify_all()  # there may be room for one more
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(session)
                self._forget(session)
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
        ready = [waiting for waiting in self._waiting if waiting not in self._running]
        return len(self._running) < self._slots() and min(ready, key=self._priority, default=None) == session

    def _priority(self, session: str) -> tuple[int, int]:
        owner = self._owners[session]
        running = sum(self._owners[one] == owner for one in self._running)
        return running, self._last_turns.get(owner, 0)

    def _forget(self, session: str) -> None:
        """Drops what is known of a session that neither waits nor runs, and of an owner without sessions."""
        if session in self._waiting or session in self._running:
            return
        owner = self._owners.pop(session, None)
        if owner is not None and owner not in self._owners.values():
            self._last_turns.pop(owner, None)
