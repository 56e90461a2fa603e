"""Keras' optimizers and learning-rate schedules, as all training uses them."""

from __future__ import annotations

from typing import Any

import keras


def schedule(
    rate: float, steps: int, warmup: int = 0, end: float = 0.0
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up, then cosine decay.

    Args:
        rate: the highest learning rate.
        steps: of the whole training.
        warmup: steps of the rise from 0, at most a tenth of all; 0 starts at `rate`.
        end: the share of `rate` at the last step; 1 keeps `rate`.

    Reference:
        Loshchilov and Hutter 2016, arXiv:1608.03983.
    """
    decay = keras.optimizers.schedules.CosineDecay
    if warmup:
        warmup = min(warmup, max(1, steps // 10))
        return decay(0.0, max(1, steps - warmup), alpha=end, warmup_target=rate, warmup_steps=warmup)
    return rate if end == 1 else decay(rate, max(1, steps), alpha=end)


def adam(rate: Any, *betas: float, **options: Any) -> keras.optimizers.Adam:
    """Adam (arXiv:1412.6980).

    Args:
        rate: the learning rate, or its schedule.
        betas: beta_1 and beta_2.
        options: others of `keras.optimizers.Adam`.
    """
    return _on_one_replica(keras.optimizers.Adam(rate, *betas, **options))


def adamw(rate: Any, **options: Any) -> keras.optimizers.AdamW:
    """Adam with decoupled weight decay (arXiv:1711.05101).

    Args:
        rate: the learning rate, or its schedule.
        options: others of `keras.optimizers.AdamW`.
    """
    return _on_one_replica(keras.optimizers.AdamW(rate, **options))


def _on_one_replica(optimizer: Any) -> Any:
    """Keeps the gradients of a step as they are, instead of adding those of other replicas.

    On TensorFlow, Keras asks for that sum on a single replica, too. TensorFlow then registers a gradient of
    the sum that it never forgets, and with it the graph of the step, all weights and Adam's moments: each
    training would keep its memory until the process ends. Several devices train through JAX alone.
    """
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs
    return optimizer
