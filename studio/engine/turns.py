"""Who may use the live lane: one running and one waiting a session, the newest wins; sessions in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from studio.core.errors import StudioError


class Superseded(StudioError):
    """A newer request of the same session took this one's place; there is nothing to show for it."""


class Turns:
    """Lets callers in, first come first served, at most `slots()` at once and one a session."""

    def __init__(self, slots: Callable[[], int]):
        self._slots = slots
        self._changed = threading.Condition()
        self._waiting: dict[str, object] = {}  # session -> its newest request, in order of arrival
        self._running: set[str] = set()

    @contextmanager
    def take(self, session: str) -> Iterator[None]:
        """Waits for its turn, and holds it.

        Raises:
            Superseded: if the same session asked again meanwhile.
        """
        mine = object()
        with self._changed:
            self._waiting[session] = mine  # keeps the place of the request that it replaces
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting.get(session) is not mine or self._is_next(session))
            if self._waiting.get(session) is not mine:
                raise Superseded("A newer request took the place of this one.")
            del self._waiting[session]
            self._running.add(session)
            self._changed.notify_all()  # there may be room for one more
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(session)
                self._changed.notify_all()

    def _is_next(self, session: str) -> bool:
        ready = (waiting for waiting in self._waiting if waiting not in self._running)
        return len(self._running) < self._slots() and next(ready, None) == session
