"""What a search by preference has learned, setting by setting: which values may still be the best, and the
belief.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr

from studio.tune.by_preference.pairs import Pairs

DOUBT = 0.25  # how likely a value must still be better than the best to count
MOSTLY = 0.7  # of its values, above which a setting is open


class Line(NamedTuple):
    """What is believed along one setting, the others as in the best image.

    Attributes:
        name: of the setting.
        values: its levels.
        means: `(levels,)`, how much better than the best image each is expected to be.
        spreads: `(levels,)`, the standard deviations of that.
        best: the value of the best image.
    """

    name: str
    values: tuple[Any, ...]
    means: np.ndarray
    spreads: np.ndarray
    best: Any

    @property
    def likely(self) -> tuple[Any, ...]:
        """The values that may still be the best, the best one among them."""
        chance = ndtr(self.means / np.maximum(self.spreads, 1e-9))
        return tuple(
            value
            for value, some in zip(self.values, chance, strict=True)
            if some >= DOUBT or value == self.best
        )

    @property
    def open(self) -> bool:
        """Whether hardly a value is ruled out yet."""
        return len(self.likely) > MOSTLY * len(self.values)


def lines(duels: Pairs) -> list[Line]:
    """What is believed along each setting that varies."""
    grid, belief, best = duels.grid, duels.belief, duels.best
    home = grid.places([best])
    found = []
    for n, name in enumerate(grid.names):
        values = grid.levels[name]
        places = grid.places([(*best[:n], value, *best[n + 1 :]) for value in values])
        means = belief.mean(places) - belief.mean(home)
        shared = belief.covariance(places, home)[:, 0]
        spreads = np.sqrt(np.maximum(belief.variance(places) + belief.variance(home) - 2 * shared, 0.0))
        found.append(Line(name, tuple(values), means, spreads, best[n]))
    return found
