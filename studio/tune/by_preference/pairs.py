"""Selects the next pair to compare and the best point, from all comparisons so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.preference import Preference, UtilityPosterior

MAX_COMPARISONS = 30  # comparisons of a search
SPREAD_COMPARISONS = 3  # evenly spread points that are tried before the model is used


class Pair(NamedTuple):
    """Two points to compare, and the pick: "left", "right" or "alike"; "" before it."""

    left: Point
    right: Point
    picked: str = ""


class PairSelector:
    """Selects the pairs of a search from its comparisons alone, so that a search can be repeated.

    Args:
        grid: grid of all points.
        comparisons: comparisons so far.
        seed: seed of the sampled points.
    """

    def __init__(self, grid: Grid, comparisons: Sequence[Pair], seed: int = 0):
        self.grid, self.comparisons, self.seed = grid, tuple(comparisons), seed
        self.points = list(dict.fromkeys([point for pair in comparisons for point in pair[:2]]))
        self.points = self.points or [grid.default_point]

    @cached_property
    def posterior(self) -> UtilityPosterior:
        """Returns the posterior after the comparisons."""
        index = {point: n for n, point in enumerate(self.points)}
        preferences = []
        for pair in self.comparisons:
            indices = index[pair.left], index[pair.right]
            better, worse = reversed(indices) if pair.picked == "right" else indices
            preferences.append(Preference(better, worse, pair.picked == "alike"))
        return UtilityPosterior(self.grid.locate(self.points), preferences, self.grid.dimension_settings)

    @cached_property
    def best(self) -> Point:
        """Returns the compared point with the highest expected utility."""
        means = self.posterior.mean(self.grid.locate(self.points))
        return self.points[int(np.argmax(means))]

    @cached_property
    def next_pair(self) -> Pair | None:
        """Returns the best point and a rival, or None after MAX_COMPARISONS or without a rival.

        The rival is in turn the point of the highest expected improvement and that of the highest expected
        utility. The best point stays on its side, so that the user looks at one new image.
        """
        if len(self.comparisons) >= MAX_COMPARISONS:
            return None
        incumbent, rival = self.best, self._find_rival()
        if rival is None:
            return None
        last = self.comparisons[-1] if self.comparisons else None
        return Pair(rival, incumbent) if last and last.right == incumbent else Pair(incumbent, rival)

    def _find_rival(self) -> Point | None:
        """Returns a point that was not compared with the best one yet, or None if there is none."""
        opponents = {
            self.best,
            *(point for pair in self.comparisons if self.best in pair[:2] for point in pair[:2]),
        }
        candidates = [
            point for point in self.grid.list_points(self.seed, self.points) if point not in opponents
        ]
        if not candidates:
            return None
        places = self.grid.locate(candidates)
        if len(self.comparisons) < SPREAD_COMPARISONS:
            return candidates[self._select_spread(places)]
        if len(self.comparisons) % 2:  # expected improvement alone would only explore
            return candidates[int(np.argmax(self.posterior.mean(places)))]
        gains = self.posterior.compute_expected_improvement(places, self.grid.locate([self.best]))
        return candidates[int(np.argmax(gains))]

    def _select_spread(self, places: np.ndarray) -> int:
        """Returns the index of the place nearest to the next point of a Halton sequence over the cube."""
        from scipy.stats import qmc

        sequence = qmc.Halton(len(self.grid.names), seed=self.seed).random(SPREAD_COMPARISONS + 1)
        target = sequence[len(self.comparisons) + 1]
        levels = [
            values[min(int(side * len(values)), len(values) - 1)]
            for side, values in zip(target, self.grid.levels.values(), strict=True)
        ]
        squared_distances = ((places - self.grid.locate([tuple(levels)])) ** 2).sum(axis=1)
        return int(np.argmin(squared_distances))
