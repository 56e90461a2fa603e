"""Adjusts the logits of colors and reduces them to one color per position."""

from __future__ import annotations

import numpy as np

from studio.colorize import bins, lab

TEMPERATURE = 0.45  # between the mean, which is brownish, and the most probable color, which is patchy
BANDS = 4  # overlapping bands of lightness
_EXAMPLE_PRIOR = 20.0  # pixels, weight of the whole example in the colors of a band
_MAX_BIAS = 4.0  # nats, limit of an example's bias
_VARIANT_SPREAD = 2.0  # nats, standard deviation of a variant's bias
_WAVES = 6  # waves in a variant's bias over a* and b*
_WAVELENGTH = 90.0  # approximate wavelength in a* and b*


def annealed_mean(logits: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
    """Returns the mean color under the distribution sharpened by a temperature.

    At 1 it is the plain mean, which is brownish if several colors are probable; near 0 it is the most
    probable color, which gives patches.

    Args:
        logits: `(..., bins) float32`.
        temperature: above 0, at most 1.

    Returns:
        a* and b*, `(..., 2) float32`.

    Reference:
        Zhang et al. 2016, arXiv:1603.08511, equation 5.
    """
    return bins.softmax(logits / temperature) @ bins.centers()


def rebalance(
    logits: np.ndarray, prior: np.ndarray, trained_rebalance: float, vividness: float
) -> np.ndarray:
    """Reweights rare colors in the logits, relative to the training.

    Args:
        logits: `(..., bins) float32`.
        prior: frequencies of the colors, `(bins,)`.
        trained_rebalance: the `rebalance` of its training.
        vividness: 0 for the distribution in photos, 1 for the class rebalancing of the paper.
    """
    return logits + (vividness - trained_rebalance) * np.log(bins.compute_class_weights(prior, 1))


def weigh_bands(lightness: np.ndarray) -> np.ndarray:
    """Returns the weights of lightness, `(...)` of 0 to 100, in each band: `(..., BANDS)`, sum 1."""
    positions = np.clip(lightness / 100 * BANDS - 0.5, 0, BANDS - 1)
    return np.maximum(0, 1 - np.abs(positions[..., None] - np.arange(BANDS))).astype("float32")


def compute_example_bias(photo: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Returns the log ratio of a photo's color frequencies to the prior, by band of lightness.

    Args:
        photo: `(h, w, 3) uint8`, small.
        prior: frequencies of the colors, `(bins,)`.

    Returns:
        Nats, `(BANDS, bins) float32`, to add to logits.
    """
    lab_pixels = lab.from_rgb(photo).reshape(-1, 3)
    shares, band_weights = bins.soft_encode(lab_pixels[:, 1:]), weigh_bands(lab_pixels[:, 0])
    band_counts = band_weights.sum(axis=0)[:, None]
    smoothed = (band_weights.T @ shares + _EXAMPLE_PRIOR * shares.mean(axis=0)) / (
        band_counts + _EXAMPLE_PRIOR
    )
    return np.clip(np.log((smoothed + 1e-6) / (prior + 1e-6)), -_MAX_BIAS, _MAX_BIAS)


def draw_variant_bias(variant: int) -> np.ndarray:
    """Returns the random bias of a variant by band, `(BANDS, bins) float32`, in nats; zeros for variant 0.

    It is a smooth function of a* and b*, so that similar colors get similar biases.
    """
    centers = bins.centers()
    if variant == 0:
        return np.zeros((BANDS, len(centers)), "float32")
    rng = np.random.default_rng([7, variant])
    waves = rng.normal(0, 2 * np.pi / _WAVELENGTH, (BANDS, _WAVES, 2))
    shifts = rng.uniform(0, 2 * np.pi, (BANDS, _WAVES, 1))
    heights = np.cos(waves @ centers.T + shifts).sum(axis=1) * np.sqrt(2 / _WAVES)
    return np.asarray(_VARIANT_SPREAD * heights, "float32")


def add_bias(logits: np.ndarray, lightness: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Adds a bias by band to logits, `(h, w, bins)`, given the lightness, `(h, w)`."""
    return logits + weigh_bands(lightness) @ bias


def compute_confidence(logits: np.ndarray) -> np.ndarray:
    """Returns the confidence, `(...)`, of logits, `(..., bins)`: 1 minus the normalized entropy."""
    probabilities = bins.softmax(logits)
    entropy_nats = -(probabilities * np.log(probabilities + 1e-9)).sum(axis=-1)
    return 1 - entropy_nats / np.log(logits.shape[-1])
