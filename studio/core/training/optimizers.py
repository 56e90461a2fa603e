"""Keras' optimizers and learning-rate schedules, as all training runs use them."""

from __future__ import annotations

from typing import Any

import keras


def make_schedule(
    rate: float, steps: int, warmup: int = 0, end: float = 0.0
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Returns a learning-rate schedule: linear warm-up, then cosine decay.

    Args:
        rate: the peak learning rate.
        steps: of the whole training run.
        warmup: steps of the warm-up from 0, at most a tenth of all; 0 starts at `rate`.
        end: the share of `rate` at the last step, 0 to 1; 1 keeps `rate` constant.

    Reference:
        Loshchilov and Hutter 2016, arXiv:1608.03983.
    """
    decay = keras.optimizers.schedules.CosineDecay
    if warmup:
        warmup = min(warmup, max(1, steps // 10))
        return decay(0.0, max(1, steps - warmup), alpha=end, warmup_target=rate, warmup_steps=warmup)
    return rate if end == 1 else decay(rate, max(1, steps), alpha=end)


def adam(rate: Any, *betas: float, **options: Any) -> keras.optimizers.Adam:
    """Returns Adam (arXiv:1412.6980).

    Args:
        rate: the learning rate, or its schedule.
        betas: beta_1 and beta_2.
        options: other arguments of `keras.optimizers.Adam`.
    """
    return _disable_gradient_sum(keras.optimizers.Adam(rate, *betas, **options))


def adamw(rate: Any, **options: Any) -> keras.optimizers.AdamW:
    """Returns Adam with decoupled weight decay (arXiv:1711.05101).

    Args:
        rate: the learning rate, or its schedule.
        options: other arguments of `keras.optimizers.AdamW`.
    """
    return _disable_gradient_sum(keras.optimizers.AdamW(rate, **options))


def _disable_gradient_sum(optimizer: Any) -> Any:
    """Turns off the sum of gradients over replicas, which leaks memory with TensorFlow.

    Keras requests that sum even for a single replica. TensorFlow then registers a gradient function that
    keeps the graph of the step, all weights and Adam's moments alive until the process ends. Training on
    several devices uses JAX only, so nothing is lost.
    """
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs
    return optimizer
