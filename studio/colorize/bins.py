"""The color classes of the network: a grid over a* and b* within the sRGB gamut."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.colorize import lab

SPACING = 15  # of a* and b*
_SAMPLED_LEVELS = 33  # sampled levels of red, green and blue


@cache
def centers() -> np.ndarray:
    """Returns a* and b* of the bins, `(bins, 2) float32`, sorted."""
    levels = np.rint(np.linspace(0, 255, _SAMPLED_LEVELS)).astype("uint8")
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    positions = np.unique(np.rint(lab.from_rgb(colors)[:, 1:] / SPACING), axis=0)
    return (SPACING * positions).astype("float32")


def soft_encode(colors: np.ndarray) -> np.ndarray:
    """Soft-encodes colors over the bins with a Gaussian of half their spacing.

    Args:
        colors: a* and b*, `(..., 2) float32`.

    Returns:
        `(..., bins) float32`, adds up to 1.
    """
    distance = ((colors[..., None, :] - centers()) ** 2).sum(axis=-1)
    return softmax(-distance / (2 * (SPACING / 2) ** 2))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the softmax over the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), "float32")


def compute_class_weights(prior: np.ndarray, rebalance: float) -> np.ndarray:
    """Returns the class weights of the bins, with mean 1 over the photos: `(bins,) float32`.

    Args:
        prior: frequencies of the bins, `(bins,)`, which add up to 1.
        rebalance: 0 for equal weights, 1 for those of the paper.

    Reference:
        Zhang et al. 2016, arXiv:1603.08511, equation 4, with lambda = 1/2.
    """
    weights = (0.5 * prior + 0.5 / len(prior)) ** -rebalance
    return np.asarray(weights / np.sum(prior * weights), "float32")
