"""Sampling: follows the velocity from noise at time 0 to an image at time 1. Does not import Keras.

Reference:
    Lipman et al. 2022, arXiv:2210.02747; classifier-free guidance Ho and Salimans 2022, arXiv:2207.12598.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

# Noisy images `(n, H, W, C)`, times `(n,)` and classes `(n,) int` to velocities `(n, H, W, C)`.
Predict = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def guide(
    predict: Predict, x: np.ndarray, t: float, labels: np.ndarray, no_class: int, guidance: float
) -> np.ndarray:
    """Computes the velocity with classifier-free guidance: `v_0 + guidance * (v_c - v_0)`.

    Args:
        predict: the model.
        x: noisy images, `(n, H, W, C)`.
        t: time, from 0 to 1.
        labels: class of each image, `(n,)`; `no_class` for none.
        no_class: index that stands for no class.
        guidance: 1 follows the model of the class; larger values exaggerate its difference from all images.
    """
    times = np.full(len(x), t, "float32")
    if guidance == 1 or (labels == no_class).all():
        return predict(x, times, labels)
    velocities = predict(
        np.concatenate([x, x]),
        np.concatenate([times, times]),
        np.concatenate([labels, np.full_like(labels, no_class)]),
    )
    conditional, unconditional = np.split(velocities, 2)
    return unconditional + np.float32(guidance) * (conditional - unconditional)


def iterate_steps(
    velocity: Callable[[np.ndarray, float], np.ndarray], noise: np.ndarray, steps: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Follows the velocity by Euler's method, in equal steps.

    Args:
        velocity: from noisy images and their time to velocities of the same shape.
        noise: `(n, H, W, C) float32`, standard normal.
        steps: number of steps, which is also the number of predictions.

    Yields:
        Before each step, the noisy images and the clean images that the model predicts from them; last, the
        images.
    """
    x = noise
    for step in range(steps):
        t = step / steps
        v = velocity(x, t)
        yield x, x + np.float32(1 - t) * v
        x = x + v / np.float32(steps)
    yield x, x


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Converts images in [-1, 1], which may lie outside, to `uint8`."""
    return np.rint((images + 1) * 127.5).clip(0, 255).astype("uint8")
