"""How large the steps of a training are, from its first to its last."""

from __future__ import annotations

import keras


def cosine(highest: float, steps: int, warm_up: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that rises from 0 in a straight line, then falls to 0 along a cosine.

    Args:
        highest: the rate at the end of the rise.
        steps: of the whole training.
        warm_up: steps of the rise.

    Reference:
        Loshchilov and Hutter 2016, arXiv:1608.03983.
    """
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=highest, warmup_steps=warm_up
    )


def falling(highest: float, steps: int, end: float) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that falls along a cosine from the first step to this share of it at the last."""
    return keras.optimizers.schedules.CosineDecay(highest, max(1, steps), alpha=end)
