"""What every training does: draws batches, tests, saves checkpoints, stops when told to.

A training is repeatable: what it draws depends on its seed and the step alone, so that one that was killed
and goes on from its last checkpoint ends as an unbroken one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from studio.core import capacity
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.training import checkpoints, parallel

REPORT_SECONDS = 0.1


@dataclass
class Curves:
    """What a training has seen so far; all of it fits into a checkpoint's notes.

    Attributes:
        steps: the batches done at each test.
        losses: by name, the means since the test before.
        tests: by name, what each test found.
        seconds: of work, those before a break included.
    """

    steps: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    tests: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, step: int, losses: Mapping[str, float], found: Mapping[str, float]) -> None:
        """Notes one test."""
        self.steps.append(step)
        for curves, numbers in ((self.losses, losses), (self.tests, found)):
            for name, number in numbers.items():
                curves.setdefault(name, []).append(float(number))


class Batches:
    """Rows of a data set, epoch by epoch in an order that only the seed decides.

    Args:
        count: rows that there are.
        batch: rows at once; all of them if there are fewer.
        seed: of the order.
    """

    def __init__(self, count: int, batch: int, seed: int):
        self.count, self.batch, self.seed = count, min(batch, count), seed
        self.each = count // self.batch
        self._epoch, self._order = -1, np.arange(0)

    def at(self, step: int) -> np.ndarray:
        """The sorted rows of the batch of a step, from 0: `(batch,) int64`."""
        epoch, n = divmod(step, self.each)
        if epoch != self._epoch:
            self._epoch, self._order = (
                epoch,
                np.random.default_rng([self.seed, epoch]).permutation(self.count),
            )
        # Sorted, for that is how a file is read fastest; within a batch the order means nothing.
        return np.sort(self._order[n * self.batch : (n + 1) * self.batch])


class Training:
    """A training of so many steps. A subclass says what a step is, what a test is and what to keep.

    Args:
        steps: how many there will be.
        every: steps between tests; there is one at the end, too.
        run: where checkpoints go; None for none.
    """

    def __init__(self, steps: int, every: int, run: checkpoints.Run | None = None):
        self.steps, self.every, self.run = steps, every, run
        self.step, self.curves = 0, Curves()
        self.sums: dict[str, float] = {}
        self.since = 0
        self.stopped = False  # by a person, who then waits: what is left to do has to be quick

    def means(self, losses: Mapping[str, Any]) -> dict[str, float]:
        """The means of named losses since the last test, those of the step just taken among them."""
        self.since += 1
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(loss)
        return self._so_far()

    def _so_far(self) -> dict[str, float]:
        return {name: total / self.since for name, total in self.sums.items()}

    def advance(self) -> Mapping[str, float]:
        """Takes one step. Returns the losses by name, as means since the last test."""
        raise NotImplementedError

    def test(self, progress: Progress) -> Mapping[str, float]:
        """Measures what was learnt, and keeps the weights if they are the best. Returns named figures."""
        raise NotImplementedError

    def arrays(self) -> dict[str, Sequence[np.ndarray]]:
        """All that a checkpoint must hold, by name; `take` gets it back."""
        raise NotImplementedError

    def take(self, checkpoint: checkpoints.Checkpoint) -> None:
        """Goes back to a checkpoint. Raises `StudioError` if it is of another model."""
        raise NotImplementedError

    def preview(self) -> np.ndarray:
        """What it makes so far, `(H, W, 3) uint8`, where that is pictures."""
        raise NotImplementedError

    def made(self) -> dict[str, Any]:
        """What a report shows of what it makes so far: a preview, drawn when one is due, or a text."""
        return {"preview": self.preview}

    def learn(self, progress: Progress) -> str:
        """Goes on from the last checkpoint to the end.

        Returns:
            Why it ended early: "cancelled", "nan" (a loss was not finite), what `ended` said, or "".

        Raises:
            Cancelled: if a person stopped it before the first step.
            NoRoom: if the disk is too small for the checkpoints and the model.
            StudioError: if a loss was not finite before there was anything to keep.
        """
        self._check_room()
        self._resume()
        try:
            ended = self._follow(progress)
        except Cancelled:
            if not self.step:
                raise
            ended, self.stopped = "cancelled", True
        if ended != "nan":
            self.save()
        elif not self.curves.steps:
            raise diverged()
        if self.must_be_tested():
            self._test(self._so_far(), Progress())
        return ended

    def must_be_tested(self) -> bool:
        """Asked at the end: whether what there is was not tested and should be, so that it can be kept."""
        return not self.curves.steps

    def _follow(self, progress: Progress) -> str:
        began, saved, told = time.monotonic() - self.curves.seconds, time.monotonic(), 0.0
        losses: Mapping[str, float] = self._so_far()
        asked, progress = progress, parallel.telling(progress)
        self._tell(losses, progress)
        broken_off = self._is_due() and self.curves.steps[-1:] != [self.step]  # stopped within that test
        if ended := self._test(losses, progress) if broken_off else self.ended():
            return ended
        while self.step < self.steps:
            losses = self.advance()
            if not all(map(math.isfinite, losses.values())):
                return "nan"
            self.step += 1
            self.curves.seconds = time.monotonic() - began
            if self._is_due() and (ended := self._test(losses, progress)):
                return ended
            if time.monotonic() - saved > checkpoints.CHECKPOINT_SECONDS:
                self.save()
                saved = time.monotonic()
            if time.monotonic() - told > REPORT_SECONDS or self.step == self.steps:
                told = time.monotonic()
                self._tell(losses, progress)
            parallel.stop_together(asked, self.step)
        return ""

    def _tell(self, losses: Mapping[str, float], progress: Progress) -> None:
        tests = len(self.curves.steps)
        progress.report(self.step, self.steps, self._shown(losses), **self.made(), tests=tests)

    def _is_due(self) -> bool:
        return self.step > 0 and (self.step % self.every == 0 or self.step == self.steps)

    def ended(self) -> str:
        """Asked before the first step and after every test: why it should end now, or ""."""
        return ""

    def _shown(self, losses: Mapping[str, float]) -> dict[str, float]:
        return {**losses, **{name: numbers[-1] for name, numbers in self.curves.tests.items() if numbers}}

    def _test(self, losses: Mapping[str, float], progress: Progress) -> str:
        """Tests, and says why it should end now, or ""."""
        self.curves.add(self.step, losses, self.test(progress.silent()))
        self.sums, self.since = {}, 0
        return self.ended()

    def save(self) -> None:
        """Writes a checkpoint, if there is a run to write it to."""
        if self.run is not None:
            arrays: dict[str, np.ndarray] = {}
            for name, some in self.arrays().items():
                arrays |= checkpoints.arrays_of(name, some)
            own = {"curves": asdict(self.curves), "sums": self.sums, "since": self.since}
            self.run.save(checkpoints.Checkpoint(self.step, arrays, {**own, **self.notes()}))

    def notes(self) -> dict[str, object]:
        """Small things for a checkpoint besides the curves and the means."""
        return {}

    def _check_room(self) -> None:
        """Raises `NoRoom` if the disk cannot take the checkpoints or, in the end, the model."""
        if self.run is not None and self.run.writes:
            kept = (checkpoints.arrays_of(name, some).values() for name, some in self.arrays().items())
            each = sum(array.nbytes for arrays in kept for array in arrays)
            # The checkpoints, one more while it is written, and the model: its weights, and packed.
            more = each * (checkpoints.KEPT + 3) - self.run.bytes
            capacity.check_disk(more, "This training with its checkpoints and its model")

    def _resume(self) -> None:
        found = self.run.load() if self.run else None
        if found is not None:
            self.take(found)
            self.step, self.curves = found.step, Curves(**found.notes["curves"])
            self.sums, self.since = dict(found.notes["sums"]), found.notes["since"]
        parallel.same_start(self.step)


def diverged() -> StudioError:
    """The error for a training that has nothing to keep: a loss was no number before the first test."""
    return StudioError("A loss was not finite before the first test. Choose a smaller learning rate.")


def part_seed(seed: int, n: int) -> int:
    """A seed for part `n`, below 100, of what has a seed: JAX takes none of more than 32 bits."""
    return (seed * 100 + n) % 2**32


def evenly_spaced(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of sorted rows, evenly from the first to the last: data sets come ordered by class."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]


def to_test(rows: np.ndarray, few: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Of held-out rows, at most `few` to test on the way and at most `most` others to test at the end.

    Where there is one row alone, both have it.
    """
    on_the_way = evenly_spaced(rows, min(few, max(1, len(rows) // 2)))
    others = np.setdiff1d(rows, on_the_way)
    return on_the_way, evenly_spaced(others, most) if len(others) else on_the_way


def arrays_named(name: str, count: int, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays of one name in a checkpoint, as `Training.arrays` gave them."""
    return [arrays[f"{name}{n}"].copy() for n in range(count)]
