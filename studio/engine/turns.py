"""A queue in which owners take turns: per session one request runs, and the newest waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from studio.core.errors import StudioError, Unavailable

WAIT_SECONDS = 120.0
POLL_SECONDS = 1.0
SUPERSEDED = "A newer request took the place of this one."
STOPPED = "It was stopped before its turn came."
CLOSED = "The engine ended before its turn came. Try again in a moment."


class Superseded(StudioError):
    """A newer request of the same session replaced this one, which has no result."""


class Turns:
    """Admits callers, at most `slots()` at once and one per session.

    Among waiting callers, owners with fewer running requests come first, then those whose last turn is
    longest ago. Many sessions of one owner thus delay another owner by one turn only. Requests of one owner
    keep their order.

    Args:
        slots: returns how many may run now.
        busy: error message for a caller whose turn does not come.
    """

    def __init__(self, slots: Callable[[], int], busy: str):
        self._slots, self._busy = slots, busy
        self._changed = threading.Condition()
        self._waiting: dict[str, object] = {}  # session -> its newest request, in order of arrival
        self._running: set[str] = set()
        self._owners: dict[str, str] = {}  # session -> owner, of sessions that wait or run
        self._last_turns: dict[str, int] = {}  # owner -> number of the newest turn, of owners with a session
        self._count = 0
        self._closed = False

    @contextmanager
    def take(
        self, session: str, owner: str, is_stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[None]:
        """Waits for a turn, and holds it while open.

        Args:
            session: runs one request at a time.
            owner: of the session; owners take turns.
            is_stopped: returns whether to stop waiting; called every POLL_SECONDS.

        Raises:
            Superseded: if the same session sent a newer request meanwhile.
            StudioError: if it was stopped.
            Unavailable: if its turn does not come within WAIT_SECONDS, or the lane was closed.
        """
        ticket = object()
        with self._changed:
            self._owners[session] = owner
            self._waiting[session] = ticket  # takes the place of the request that it replaces
            self._changed.notify_all()
            try:
                self._wait(session, ticket, is_stopped)
                self._running.add(session)
                self._count += 1
                self._last_turns[owner] = self._count
            finally:
                if self._waiting.get(session) is ticket:
                    del self._waiting[session]
                self._forget_if_idle(session)
                self._changed.notify_all()  # there may be a free slot
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(session)
                self._forget_if_idle(session)
                self._changed.notify_all()

    def close(self) -> None:
        """Refuses all waiting callers, and all later ones."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, session: str, ticket: object, is_stopped: Callable[[], bool]) -> None:
        """Waits until it is the session's turn. Raises as `take`."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            if self._waiting.get(session) is not ticket:
                raise Superseded(SUPERSEDED)
            if self._closed:
                raise Unavailable(CLOSED)
            if is_stopped():
                raise StudioError(STOPPED)
            if self._is_next(session):
                return
            seconds_left = deadline - time.monotonic()
            if seconds_left <= 0:
                raise Unavailable(self._busy)
            # Poll, because no event reports a worker that joins or leaves.
            self._changed.wait(min(seconds_left, POLL_SECONDS))

    def _is_next(self, session: str) -> bool:
        ready_sessions = [waiting for waiting in self._waiting if waiting not in self._running]
        return (
            len(self._running) < self._slots()
            and min(ready_sessions, key=self._compute_priority, default=None) == session
        )

    def _compute_priority(self, session: str) -> tuple[int, int]:
        """Returns the sort key of a waiting session: running requests of its owner, then its last turn."""
        owner = self._owners[session]
        running = sum(self._owners[other] == owner for other in self._running)
        return running, self._last_turns.get(owner, 0)

    def _forget_if_idle(self, session: str) -> None:
        """Forgets a session that neither waits nor runs, and an owner without sessions."""
        if session in self._waiting or session in self._running:
            return
        owner = self._owners.pop(session, None)
        if owner is not None and owner not in self._owners.values():
            self._last_turns.pop(owner, None)
