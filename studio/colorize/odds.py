"""From the odds of colors to one color a place, leaning to what a user likes."""

from __future__ import annotations

import numpy as np

from studio.colorize import bins, lab

TEMPERATURE = 0.45  # between a mean, which is brownish, and the likeliest color alone, which is patchy
BANDS = 4  # of lightness, that overlap
_SEEN = 20.0  # pixels of a band that count as much as all those of an example together
_FURTHEST = 4.0  # nats that an example or a chance can add to the odds of a color, or take
_CHANCE = 2.0  # nats, the spread of what a variant adds by chance
_WAVES = 6  # of what a variant adds, over a* and b*
_LENGTH = 90.0  # of a* and b*, about that of these waves


def annealed_mean(logits: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
    """The mean of the colors, each as often as its odds, once these are sharpened.

    At 1 it is the plain mean, which is brownish where several colors are likely; near 0 it is the likeliest
    color alone, in patches.

    Args:
        logits: `(..., bins) float32`.
        temperature: above 0, at most 1.

    Returns:
        a* and b*, `(..., 2) float32`.

    Reference:
        Zhang et al. 2016, arXiv:1603.08511, equation 5.
    """
    return bins.softmax(logits / temperature) @ bins.centers()


def vivid(logits: np.ndarray, prior: np.ndarray, learned: float, vividness: float) -> np.ndarray:
    """Logits of a network in which rare colors count more, or less, than it has learned.

    Args:
        logits: `(..., bins) float32`.
        prior: how often each color is seen, `(bins,)`.
        learned: the `rebalance` of its training.
        vividness: 0 for the odds as they are in photos, 1 for as many rare colors as in the paper.
    """
    return logits + (vividness - learned) * np.log(bins.rarity(prior, 1))


def bands(lightness: np.ndarray) -> np.ndarray:
    """How much a lightness, `(...)` of 0 to 100, belongs to each band: `(..., BANDS) float32`, together 1."""
    places = np.clip(lightness / 100 * BANDS - 0.5, 0, BANDS - 1)
    return np.maximum(0, 1 - np.abs(places[..., None] - np.arange(BANDS))).astype("float32")


def of_example(photo: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """How much likelier each color is in a photo than in others, band by band of its lightness.

    Args:
        photo: `(h, w, 3) uint8`, small.
        prior: how often each color is seen, `(bins,)`.

    Returns:
        Nats, `(BANDS, bins) float32`: to be added to logits.
    """
    both = lab.from_rgb(photo).reshape(-1, 3)
    shares, within = bins.shares(both[:, 1:]), bands(both[:, 0])
    count = within.sum(axis=0)[:, None]
    found = (within.T @ shares + _SEEN * shares.mean(axis=0)) / (count + _SEEN)
    return np.clip(np.log((found + 1e-6) / (prior + 1e-6)), -_FURTHEST, _FURTHEST)


def by_chance(variant: int) -> np.ndarray:
    """What another coloring prefers, band by band: `(BANDS, bins) float32`, in nats; nothing of variant 0.

    A smooth function of a* and b*, so that neighboring colors are liked alike.
    """
    centers = bins.centers()
    if variant == 0:
        return np.zeros((BANDS, len(centers)), "float32")
    rng = np.random.default_rng([7, variant])
    waves = rng.normal(0, 2 * np.pi / _LENGTH, (BANDS, _WAVES, 2))
    shifts = rng.uniform(0, 2 * np.pi, (BANDS, _WAVES, 1))
    heights = np.cos(waves @ centers.T + shifts).sum(axis=1) * np.sqrt(2 / _WAVES)
    return np.asarray(_CHANCE * heights, "float32")


def leant(logits: np.ndarray, lightness: np.ndarray, leaning: np.ndarray) -> np.ndarray:
    """Logits, `(h, w, bins)`, of places of some lightness, `(h, w)`, leaning as `of_example` says."""
    return logits + bands(lightness) @ leaning


def sureness(logits: np.ndarray) -> np.ndarray:
    """How sure a network is: 1 of one color alone, 0 where all are alike. `(..., bins)` -> `(...)`."""
    shares = bins.softmax(logits)
    nats = -(shares * np.log(shares + 1e-9)).sum(axis=-1)
    return 1 - nats / np.log(logits.shape[-1])
