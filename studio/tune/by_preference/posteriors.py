"""The posterior of a search by preference along each setting, and the values that may still be the best."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from studio.tune.by_preference.pairs import PairSelector

MIN_PROBABILITY = 0.25  # probability of being better than the best, above which a value may still be the best
OPEN_SHARE = 0.7  # share of such values above which a setting is open


class SettingPosterior(NamedTuple):
    """The posterior along one setting, with the other settings of the best image.

    Attributes:
        name: name of the setting.
        values: its levels.
        means: `(levels,)`, expected utility of each minus that of the best image.
        deviations: `(levels,)`, standard deviations of these differences.
        best: value of the best image.
    """

    name: str
    values: tuple[Any, ...]
    means: np.ndarray
    deviations: np.ndarray
    best: Any

    @property
    def likely_values(self) -> tuple[Any, ...]:
        """Returns the values that may still be the best, including the best one."""
        probabilities = ndtr(self.means / np.maximum(self.deviations, 1e-9))
        return tuple(
            value
            for value, probability in zip(self.values, probabilities, strict=True)
            if probability >= MIN_PROBABILITY or value == self.best
        )

    @property
    def is_open(self) -> bool:
        """Returns whether hardly any value is ruled out yet."""
        return len(self.likely_values) > OPEN_SHARE * len(self.values)


def compute_posteriors(selector: PairSelector) -> list[SettingPosterior]:
    """Computes the posterior along each varied setting."""
    grid, posterior, best = selector.grid, selector.posterior, selector.best
    best_place = grid.locate([best])
    posteriors = []
    for n, name in enumerate(grid.names):
        values = grid.levels[name]
        places = grid.locate([(*best[:n], value, *best[n + 1 :]) for value in values])
        means = posterior.mean(places) - posterior.mean(best_place)
        covariance = posterior.covariance(places, best_place)[:, 0]
        deviations = np.sqrt(
            np.maximum(posterior.variance(places) + posterior.variance(best_place) - 2 * covariance, 0.0)
        )
        posteriors.append(SettingPosterior(name, tuple(values), means, deviations, best[n]))
    return posteriors
