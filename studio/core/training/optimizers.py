"""Keras' optimizers, as all training makes them."""

from __future__ import annotations

from typing import Any

import keras


def adam(rate: Any, *momenta: float, **options: Any) -> keras.optimizers.Adam:
    """Adam (arXiv:1412.6980).

    Args:
        rate: the learning rate, or its schedule.
        momenta: beta_1 and beta_2.
        options: others of `keras.optimizers.Adam`.
    """
    return _on_one_replica(keras.optimizers.Adam(rate, *momenta, **options))


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
