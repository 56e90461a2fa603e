"""Exponential moving average (EMA) of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Ema:
    """EMA of weights over the last steps, which generalizes better than the weights of any one step.

    Not `use_ema` of Keras' optimizers: with its constant momentum the random initial weights would count for
    long, and one step with weights that are not finite would end the average.

    Args:
        weights: the initial ones.
        steps: about how many steps the average reaches back; at first half of the steps taken.
        every: steps between two updates, so that copying weights costs little.

    Reference:
        Polyak and Juditsky 1992; of generators Yazıcı et al. 2019, arXiv:1806.04498.
    """

    def __init__(self, weights: Sequence[np.ndarray], steps: int, every: int = 5):
        self.arrays = [np.array(one) for one in weights]
        self.steps, self.every = steps, min(every, max(1, steps))

    def is_due(self, step: int) -> bool:
        """Whether it takes in the weights after this step."""
        return step % self.every == 0

    def update(self, weights: Sequence[np.ndarray], step: int) -> None:
        """Moves toward the weights after a step, unless they are not finite."""
        if not all(np.isfinite(one).all() for one in weights):
            return
        share = self.every / max(self.every, min(self.steps, step / 2))
        for mean, now in zip(self.arrays, weights, strict=True):
            mean += share * (now - mean)
