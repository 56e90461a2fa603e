"""Selects the next pair to compare and the best point, from all comparisons so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.preference import Belief, Preference

MOST = 30  # comparisons of a search
FIRST = 3  # evenly spread points that are tried before the model is used


class Pair(NamedTuple):
    """Two points to compare, and the pick: "left", "right" or "alike"; "" before it."""

    left: Point
    right: Point
    picked: str = ""


class Pairs:
    """A search by comparisons. It is a function of these, so that it can be repeated.

    Args:
        grid: grid of all points.
        comparisons: comparisons so far.
        seed: seed of the sampled points.
    """

    def __init__(self, grid: Grid, comparisons: Sequence[Pair], seed: int = 0):
        self.grid, self.comparisons, self.seed = grid, tuple(comparisons), seed
        self.points = list(dict.fromkeys([point for pair in comparisons for point in pair[:2]]))
        self.points = self.points or [grid.usual]

    @cached_property
    def belief(self) -> Belief:
        """Returns the posterior after the comparisons."""
        index = {point: n for n, point in enumerate(self.points)}
        preferences = []
        for pair in self.comparisons:
            indices = index[pair.left], index[pair.right]
            better, worse = reversed(indices) if pair.picked == "right" else indices
            preferences.append(Preference(better, worse, pair.picked == "alike"))
        return Belief(self.grid.places(self.points), preferences, self.grid.owners)

    @cached_property
    def best(self) -> Point:
        """Returns the compared point with the highest expected utility."""
        means = self.belief.mean(self.grid.places(self.points))
        return self.points[int(np.argmax(means))]

    @cached_property
    def pair(self) -> Pair | None:
        """Returns the best point and a rival, or None after MOST comparisons or without a rival.

        The rival is in turn the point of the highest expected improvement and that of the highest expected
        utility. The best point stays on its side, so that the user looks at one new image.
        """
        if len(self.comparisons) >= MOST:
            return None
        champion, rival = self.best, self._rival()
        if rival is None:
            return None
        last = self.comparisons[-1] if self.comparisons else None
        return Pair(rival, champion) if last and last.right == champion else Pair(champion, rival)

    def _rival(self) -> Point | None:
        opponents = {
            self.best,
            *(point for pair in self.comparisons if self.best in pair[:2] for point in pair[:2]),
        }
        candidates = [point for point in self.grid.points(self.seed, self.points) if point not in opponents]
        if not candidates:
            return None
        places = self.grid.places(candidates)
        if len(self.comparisons) < FIRST:
            return candidates[self._spread(places)]
        if len(self.comparisons) % 2:  # expected improvement alone would only explore
            return candidates[int(np.argmax(self.belief.mean(places)))]
        gains = self.belief.improvement(places, self.grid.places([self.best]))
        return candidates[int(np.argmax(gains))]

    def _spread(self, places: np.ndarray) -> int:
        """Returns the index of the place nearest to the next point of a Halton sequence over the cube."""
        from scipy.stats import qmc

        target = qmc.Halton(len(self.grid.names), seed=self.seed).random(FIRST + 1)[len(self.comparisons) + 1]
        levels = [
            values[min(int(side * len(values)), len(values) - 1)]
            for side, values in zip(target, self.grid.levels.values(), strict=True)
        ]
        gaps = ((places - self.grid.places([tuple(levels)])) ** 2).sum(axis=1)
        return int(np.argmin(gaps))
