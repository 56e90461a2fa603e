"""The jobs that wait: whose turn it is, and about when. The order is decided here and nowhere else.

Jobs wait in the order in which they were asked for. The one exception is RULE, which a person reads, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from studio.core.errors import InvalidInput, invalid
from studio.engine.jobs.record import Record

SMALL_SECONDS = 30.0
LONG_SECONDS = 120.0
MOST_PASSES = 3
RULE = (
    "Jobs run in the order in which they were asked for, unless you move yours forward. "
    f"But one that is expected to take less than {SMALL_SECONDS:.0f} seconds passes those that are expected "
    f"to take more than {LONG_SECONDS / 60:.0f} minutes and have not begun; no job is passed more than "
    f"{MOST_PASSES} times, and none that you moved. A batch counts as one job; what joins it later, again."
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
        """Those of a lane that are not paused, the next one first."""
        order: list[Record] = []
        passers: dict[str, set[str]] = {}
        weights = self._weights()
        for record in self._records:
            if record.lane != lane or record.paused:
                continue
            place = len(order)
            while place:
                other = order[place - 1]
                also = passers.setdefault(other.id, set())
                if not _passes(record, other, weights, also):
                    break
                place -= 1
                if not _has_passed(record, other):
                    also.add(record.unit)
            order.insert(place, record)
        return order

    def passed_by(self, record: Record) -> list[Record]:
        """Those that were asked for earlier and that a job is the first of its batch to go before."""
        weights = self._weights()
        earlier = self._records[: self._records.index(record)]
        found = [one for one in earlier if one.lane == record.lane and not one.paused]
        return [one for one in found if _passes(record, one, weights) and not _has_passed(record, one)]

    def is_small(self, record: Record) -> bool:
        """Whether a job, with all that waits of its batch, may go before long ones."""
        return _is_small(record, self._weights())

    def together(self, record: Record) -> list[Record]:
        """Those that have one place with a job: all that wait of its batch."""
        return [one for one in self._records if one.unit == record.unit]

    def newest(self, record: Record) -> float:
        """When the last of those that wait together with a job was asked for, in seconds since 1970."""
        return max(float(one.asked["created"]) for one in self.together(record))

    def _weights(self) -> dict[str, float | None]:
        """About how many seconds what waits of each batch takes, and each job that is of none."""
        weights: dict[str, float | None] = {}
        for record in self._records:
            before, seconds = weights.get(record.unit, 0.0), record.expected
            weights[record.unit] = None if before is None or seconds is None else before + seconds
        return weights

    def turn(self, record: Record) -> Turn | None:
        """When its turn comes; None for one that does not wait, or is paused."""
        if self._turns is None:
            self._turns = {}
            for lane in {record.lane for record in self._records}:
                self._look_ahead(lane)
        return self._turns.get(record.id)

    def move(self, record: Record, to: str) -> list[Record]:
        """Moves a job forward among its owner's, which share the turns that they had: all others keep theirs.

        What its owner moved is passed by no other job any more.

        Args:
            to: "front", "up" by one, or the id of the job before which it shall run.

        Returns:
            Those whose turn changed.

        Raises:
            InvalidInput: if it is paused, or there is no such job behind which it waits.
        """
        own = [one for one in self.in_turn(record.lane) if one.asked["owner"] == record.asked["owner"]]
        if record not in own:
            raise InvalidInput("A paused job cannot be moved. Resume it first.")
        units = list(dict.fromkeys(one.unit for one in own))
        place = units.index(record.unit)
        there = {"front": 0, "up": max(0, place - 1)}
        there |= {one.id: units.index(one.unit) for one in own if one.unit in units[: place + 1]}
        if to not in there:
            expected = "front, up, or the id of a job of yours that waits before it"
            raise invalid("to", expected=expected, received=to)
        turns = sorted(one.turn or 0.0 for one in own)
        units.insert(there[to], units.pop(place))
        changed = []
        for one, turn in zip(sorted(own, key=lambda one: units.index(one.unit)), turns, strict=True):
            if one.unit == record.unit:
                one.passed = MOST_PASSES
            if one.unit == record.unit or one.turn != turn:
                one.turn = turn
                changed.append(one)
        self._changed()
        return changed

    def pause(self, record: Record, paused: bool) -> None:
        """Lets a job wait until it is resumed, or wait for its turn again."""
        record.paused = paused
        self._turns = None

    def _look_ahead(self, lane: str) -> None:
        assert self._turns is not None
        ahead: float | None = 0.0
        for place, record in enumerate(self.in_turn(lane), 1):
            self._turns[record.id] = Turn(place, ahead)
            ahead = None if ahead is None or record.expected is None else ahead + record.expected

    def _changed(self) -> None:
        self._records.sort(key=lambda record: (record.turn, record.id))
        self._turns = None


def _is_small(record: Record, weights: Mapping[str, float | None]) -> bool:
    weight = weights.get(record.unit)
    return weight is not None and weight < SMALL_SECONDS


def _passes(
    record: Record, other: Record, weights: Mapping[str, float | None], also: Set[str] = frozenset()
) -> bool:
    """Whether a job goes before one that was asked for earlier.

    Args:
        weights: about how many seconds each unit takes.
        also: the units that go before the other one only in this order: none of them has begun.
    """
    weight = weights.get(other.unit)
    if not _is_small(record, weights) or weight is None or weight <= LONG_SECONDS:
        return False
    if _has_passed(record, other) or record.unit in also:
        return True
    return other.passed + len(also) < MOST_PASSES


def _has_passed(record: Record, other: Record) -> bool:
    """Whether a job is one of a batch that went before another job, and was there when that happened.

    Jobs that join the batch later count as another one, or a batch could be filled up and pass forever.
    """
    return bool(record.asked["created"] <= other.passers.get(record.unit, -1.0))
