"""The colors that a network chooses among: a grid over a* and b*, where sRGB has any."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.colorize import lab

SPACING = 15  # of a* and b*
_SIDES = 33  # levels of red, green and blue that are tried


@cache
def centers() -> np.ndarray:
    """Their a* and b*: `(bins, 2) float32`, in order."""
    levels = np.rint(np.linspace(0, 255, _SIDES)).astype("uint8")
    every = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    places = np.unique(np.rint(lab.from_rgb(every)[:, 1:] / SPACING), axis=0)
    return (SPACING * places).astype("float32")


def shares(colors: np.ndarray) -> np.ndarray:
    """How colors spread over the bins, each over those around it by a Gaussian of half their spacing.

    Args:
        colors: a* and b*, `(..., 2) float32`.

    Returns:
        `(..., bins) float32`, which add up to 1.
    """
    away = ((colors[..., None, :] - centers()) ** 2).sum(axis=-1)
    return softmax(-away / (2 * (SPACING / 2) ** 2))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True), "float32")


def rarity(prior: np.ndarray, rebalance: float) -> np.ndarray:
    """How much each bin counts, 1 in the mean over the photos: `(bins,) float32`.

    Args:
        prior: how often each is seen, `(bins,)`, which add up to 1.
        rebalance: 0 for all alike, 1 as in the paper.

    Reference:
        Zhang et al. 2016, arXiv:1603.08511, equation 4, with lambda = 1/2.
    """
    weights = (0.5 * prior + 0.5 / len(prior)) ** -rebalance
    return np.asarray(weights / np.sum(prior * weights), "float32")
