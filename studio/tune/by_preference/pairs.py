"""Which two to compare next, and which is the best, from all that was picked so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.preference import Belief, Judged

MOST = 30  # comparisons, after which a user has had enough
FIRST = 3  # others than the usual one that are tried before anything is believed


class Pair(NamedTuple):
    """Two points side by side, and which was picked: "left", "right" or "alike"; "" while it is open."""

    left: Point
    right: Point
    picked: str = ""


class Pairs:
    """A search by comparisons. All of it follows from what was picked, so that it can be told again.

    Args:
        grid: what can be tried.
        judged: the comparisons so far.
        seed: of what is tried.
    """

    def __init__(self, grid: Grid, judged: Sequence[Pair], seed: int = 0):
        self.grid, self.judged, self.seed = grid, tuple(judged), seed
        self.points = list(dict.fromkeys([point for one in judged for point in (one.left, one.right)]))
        self.points = self.points or [grid.usual]

    @cached_property
    def belief(self) -> Belief:
        """What is believed after these comparisons."""
        number = {point: n for n, point in enumerate(self.points)}
        found = []
        for one in self.judged:
            pair = number[one.left], number[one.right]
            better, worse = reversed(pair) if one.picked == "right" else pair
            found.append(Judged(better, worse, one.picked == "alike"))
        return Belief(self.grid.places(self.points), found, self.grid.owners)

    @cached_property
    def best(self) -> Point:
        """The point that is believed to be the best of those that were seen."""
        means = self.belief.mean(self.grid.places(self.points))
        return self.points[int(np.argmax(means))]

    @cached_property
    def pair(self) -> Pair | None:
        """The best so far against the one that promises most; None when all is compared, or enough is.

        In turns, that is the one with the highest expected improvement and the one believed to be best.
        Whichever of them was there before stays on its side, so that a user looks at one new image.
        """
        if len(self.judged) >= MOST:
            return None
        champion, rival = self.best, self._rival()
        if rival is None:
            return None
        last = self.judged[-1] if self.judged else None
        return Pair(rival, champion) if last and last.right == champion else Pair(champion, rival)

    def _rival(self) -> Point | None:
        met = {self.best, *(point for one in self.judged if self.best in one[:2] for point in one[:2])}
        able = [point for point in self.grid.points(self.seed, self.points) if point not in met]
        if not able:
            return None
        places = self.grid.places(able)
        if len(self.judged) < FIRST:
            return able[self._spread(places)]
        if len(self.judged) % 2:  # else all thirty would be spent on finding out
            return able[int(np.argmax(self.belief.mean(places)))]
        gains = self.belief.improvement(places, self.grid.places([self.best]))
        return able[int(np.argmax(gains))]

    def _spread(self, places: np.ndarray) -> int:
        """Which of these places is nearest to the next one of an even spread over the cube."""
        from scipy.stats import qmc

        wanted = qmc.Halton(len(self.grid.names), seed=self.seed).random(FIRST + 1)[len(self.judged) + 1]
        levels = [
            found[min(int(side * len(found)), len(found) - 1)]
            for side, found in zip(wanted, self.grid.levels.values(), strict=True)
        ]
        gaps = ((places - self.grid.places([tuple(levels)])) ** 2).sum(axis=1)
        return int(np.argmin(gaps))
