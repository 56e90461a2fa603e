"""The posterior of a search by preference along each setting, and the values that may still be the best."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from studio.tune.by_preference.pairs import Pairs

DOUBT = 0.25  # probability of being better than the best, above which a value may still be the best
MOSTLY = 0.7  # share of such values above which a setting is open


class Line(NamedTuple):
    """The posterior along one setting, with the other settings of the best image.

    Attributes:
        name: name of the setting.
        values: its levels.
        means: `(levels,)`, expected utility of each minus that of the best image.
        spreads: `(levels,)`, standard deviations of these differences.
        best: value of the best image.
    """

    name: str
    values: tuple[Any, ...]
    means: np.ndarray
    spreads: np.ndarray
    best: Any

    @property
    def likely(self) -> tuple[Any, ...]:
        """Returns the values that may still be the best, including the best one."""
        probability = ndtr(self.means / np.maximum(self.spreads, 1e-9))
        return tuple(
            value
            for value, share in zip(self.values, probability, strict=True)
            if share >= DOUBT or value == self.best
        )

    @property
    def open(self) -> bool:
        """Returns whether hardly any value is ruled out yet."""
        return len(self.likely) > MOSTLY * len(self.values)


def lines(pairs: Pairs) -> list[Line]:
    """Returns the posterior along each varied setting."""
    grid, belief, best = pairs.grid, pairs.belief, pairs.best
    best_place = grid.places([best])
    results = []
    for n, name in enumerate(grid.names):
        values = grid.levels[name]
        places = grid.places([(*best[:n], value, *best[n + 1 :]) for value in values])
        means = belief.mean(places) - belief.mean(best_place)
        covariance = belief.covariance(places, best_place)[:, 0]
        spreads = np.sqrt(
            np.maximum(belief.variance(places) + belief.variance(best_place) - 2 * covariance, 0.0)
        )
        results.append(Line(name, tuple(values), means, spreads, best[n]))
    return results
