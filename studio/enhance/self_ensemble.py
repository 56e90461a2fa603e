"""Self-ensemble: the mean of the predictions for eight flips and rotations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def predict_with_ensemble(image: np.ndarray, predict: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Returns the mean prediction for eight flips and rotations of an image, each transformed back.

    Args:
        image: `(h, w)` or `(h, w, C)`.
        predict: predicts a transformed image; its sides keep their proportion.

    Reference:
        Timofte et al. 2016, "Seven ways to improve example-based single image super resolution".
    """
    results = []
    for turns in range(4):
        turned = np.rot90(image, turns)
        results += [np.rot90(predict(turned), -turns), np.rot90(predict(turned[:, ::-1])[:, ::-1], -turns)]
    return np.mean(results, axis=0, dtype="float32")
