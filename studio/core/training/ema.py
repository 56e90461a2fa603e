"""Exponential moving average (EMA) of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Ema:
    """EMA of weights over the last steps, which generalizes better than the weights of any single step.

    Replaces `use_ema` of Keras' optimizers: its constant momentum keeps the random initial weights in the
    average for long, and one step with non-finite weights corrupts it.

    Args:
        weights: the initial weights.
        steps: about how many steps the average covers; at first, half of the steps taken.
        every: steps between two updates, to keep the cost of copying weights low.

    Reference:
        Polyak and Juditsky 1992; for generators Yazıcı et al. 2019, arXiv:1806.04498.
    """

    def __init__(self, weights: Sequence[np.ndarray], steps: int, every: int = 5):
        self.arrays = [np.array(weight) for weight in weights]
        self.steps, self.every = steps, min(every, max(1, steps))

    def is_due(self, step: int) -> bool:
        """Returns whether the average is updated after this step."""
        return step % self.every == 0

    def update(self, weights: Sequence[np.ndarray], step: int) -> None:
        """Moves the average toward the weights after a step, unless they are not finite."""
        if not all(np.isfinite(weight).all() for weight in weights):
            return
        share = self.every / max(self.every, min(self.steps, step / 2))
        for mean, weight in zip(self.arrays, weights, strict=True):
            mean += share * (weight - mean)
