"""The jobs that wait: whose turn it is, and about when. The order is decided here and nowhere else.

Jobs wait in the order in which they were asked for. The one exception is RULE, which a person reads, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from studio.core import amounts
from studio.engine.jobs.record import Record

SMALL_SECONDS = 30.0
LONG_SECONDS = 120.0
MOST_PASSES = 3
RULE = (
    "Jobs run in the order in which they were asked for. But one that is expected to take less than "
    f"{amounts.duration(SMALL_SECONDS)} passes those that are expected to take more than "
    f"{amounts.duration(LONG_SECONDS)} and have not begun; no job is passed more than {MOST_PASSES} times."
)
_STEP = 1e-3  # s, between the turns of two jobs where the clock gives none


@dataclass(frozen=True)
class Turn:
    """When a waiting job's turn comes.

    Attributes:
        place: 1 for the next of its lane.
        ahead: about how many seconds those take that go before it; None where that is not known of one.
    """

    place: int
    ahead: float | None


class Waiting:
    """The waiting jobs of all lanes, as they were asked for. Not thread-safe, as the ledger that has them."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._turns: dict[str, Turn] | None = None  # as they are, until something changes

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def enter(self, record: Record) -> None:
        """Adds a job: a new one at the end, one of before where it stood."""
        if record.turn is None:
            last = self._records[-1].turn if self._records else None
            record.turn = max(record.asked["created"], (last or 0.0) + _STEP)
        self._records.append(record)
        self._changed()

    def enter_first(self, record: Record) -> None:
        """Puts a job before all others."""
        first = self._records[0].turn if self._records else None
        record.turn = (record.turn if first is None else first - _STEP) or 0.0
        self._records.append(record)
        self._changed()

    def leave(self, record: Record) -> None:
        """Takes a job out that begins, or never will."""
        self._records.remove(record)
        self._turns = None

    def in_turn(self, lane: str) -> list[Record]:
        """Those of a lane, the next one first."""
        order: list[Record] = []
        passed: dict[str, int] = {}
        for record in self._records:
            if record.lane != lane:
                continue
            place = len(order)
            while place and passes(record, order[place - 1], passed.get(order[place - 1].id, 0)):
                place -= 1
                passed[order[place].id] = passed.get(order[place].id, 0) + 1
            order.insert(place, record)
        return order

    def before(self, record: Record) -> list[Record]:
        """Those of its lane that were asked for earlier."""
        earlier = self._records[: self._records.index(record)]
        return [other for other in earlier if other.lane == record.lane]

    def turn(self, record: Record) -> Turn | None:
        """When its turn comes; None for one that does not wait."""
        if self._turns is None:
            self._turns = {}
            for lane in {record.lane for record in self._records}:
                self._look_ahead(lane)
        return self._turns.get(record.id)

    def _look_ahead(self, lane: str) -> None:
        assert self._turns is not None
        ahead: float | None = 0.0
        for place, record in enumerate(self.in_turn(lane), 1):
            self._turns[record.id] = Turn(place, ahead)
            ahead = None if ahead is None or record.expected is None else ahead + record.expected

    def _changed(self) -> None:
        self._records.sort(key=lambda record: (record.turn, record.id))
        self._turns = None


def passes(record: Record, other: Record, already: int = 0) -> bool:
    """Whether a job goes before one that was asked for earlier, which so many others go before already."""
    return (
        record.expected is not None
        and record.expected < SMALL_SECONDS
        and other.expected is not None
        and other.expected > LONG_SECONDS
        and other.passed + already < MOST_PASSES
    )
