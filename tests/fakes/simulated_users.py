"""Simulated users with a known taste, to measure searches by preference."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.core.settings import Settings, setting
from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.pairs import Pair, PairSelector
from studio.tune.space import parse_space


class LookSettings(Settings):
    """Settings of images that nobody renders."""

    strength: float = setting(0.8, "How much.", ge=0, le=1, step=0.05)
    stroke: float = setting(1.0, "How large.", ge=0.25, le=4, scale="log")
    depth: int = setting(10, "How often.", ge=1, le=20)
    look: Literal["dogs", "eyes", "fans", "fur"] = setting("dogs", "What.")
    bright: bool = setting(False, "Whether.")


def make_grid(*vary: str) -> Grid:
    """Returns the grid of all candidates."""
    return Grid(LookSettings, parse_space(LookSettings, vary))


class SimulatedUser:
    """A simulated user with a smooth taste: one optimum and a wave, with a spread of 1 over the grid.

    Args:
        grid: the candidates.
        seed: of the taste, and of the noise of the picks.
        noise: standard deviation of the noise, in units of utility.
        tie_rate: difference in taste below which both images count as equally good.
    """

    def __init__(self, grid: Grid, seed: int, noise: float = 0.25, tie_rate: float = 0.15):
        self._grid, self._noise, self._tie_rate = grid, noise, tie_rate
        self._rng = np.random.default_rng([seed, 1])
        rng = np.random.default_rng(seed)
        sides = len(grid.dimension_settings)
        self._best, self._weights = rng.random(sides), rng.uniform(0.3, 1.5, sides)
        self._wave = 3 * rng.normal(size=sides)
        self._mean, self._scale = 0.0, 1.0
        values = self._value(grid.list_points(0))
        self._mean, self._scale = values.mean(), values.std()
        self.values = np.sort((values - self._mean) / self._scale)

    def utility(self, point: Point) -> float:
        """Returns the utility of a point."""
        return float(self._value([point])[0])

    def share_better(self, point: Point) -> float:
        """Returns the share of candidates that this user likes better."""
        return 1 - float(np.searchsorted(self.values, self.utility(point), "right")) / len(self.values)

    def regret(self, point: Point) -> float:
        """Returns how far the utility of a point is below the maximum."""
        return float(self.values[-1]) - self.utility(point)

    def pick(self, pair: Pair) -> Pair:
        """Returns the pair with this user's choice."""
        gap = self.utility(pair.left) - self.utility(pair.right) + self._noise * self._rng.normal()
        return pair._replace(picked="alike" if abs(gap) < self._tie_rate else "left" if gap > 0 else "right")

    def _value(self, points: list[Point]) -> np.ndarray:
        places = self._grid.locate(points)
        values = 0.8 * np.sin(places @ self._wave)
        values -= 4 * ((places - self._best) ** 2 * self._weights).sum(axis=1)
        return (values - self._mean) / self._scale


def run_search(grid: Grid, user: SimulatedUser, seed: int) -> PairSelector:
    """Runs a whole search by preference."""
    selector = PairSelector(grid, [], seed)
    while selector.next_pair is not None:
        selector = PairSelector(grid, [*selector.comparisons, user.pick(selector.next_pair)], seed)
    return selector


def run_tournament(grid: Grid, user: SimulatedUser, seed: int, rounds: int) -> Point:
    """Returns the winner of repeated comparisons with random candidates."""
    rng = np.random.default_rng(seed)
    points = grid.list_points(seed)
    winner = points[rng.integers(len(points))]
    for _ in range(rounds):
        rival = points[rng.integers(len(points))]
        if user.pick(Pair(winner, rival)).picked == "right":
            winner = rival
    return winner
