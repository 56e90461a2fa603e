"""Keeping the content's colors: recolor the style before, or keep only the brightness after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_SAMPLED = 512  # px: so many rows and columns tell an image's colors
_FURTHEST = 1.5
_WHITE = 99.5  # percentile of a painting's lightness that is taken for white
_BRIGHTER = 10.0  # levels of 255, the most that a painting's mean rises by


def match(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Gives an image the mean and covariance of another's colors, moving each color as little as can be.

    Args:
        image, target: `(H, W, 3) uint8`, each of its own size.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897; here with the optimal transport between two Gaussians, which,
        unlike a Cholesky factor, keeps hues from turning.
    """
    own, wanted = _statistics(image), _statistics(target)
    return _moved(image, own[0], wanted[0], _transport(own[1], wanted[1]))


def brightened(painting: np.ndarray) -> np.ndarray:
    """A painting as it looks with a white point: scans are often darker than the painting.

    All colors are multiplied by the same number, so that hues and black stay.

    Args:
        painting: `(H, W, 3) uint8`.

    Returns:
        `(H, W, 3) uint8`: its lightest areas are white, or its mean has risen by `_BRIGHTER` levels.
    """
    step = max(1, max(painting.shape) // _SAMPLED)
    lightness = painting[::step, ::step] @ _LUMA
    mean = max(1.0, float(lightness.mean()))
    gain = min(255.0 / max(1.0, float(np.percentile(lightness, _WHITE))), 1.0 + _BRIGHTER / mean)
    return np.minimum(painting * max(1.0, gain) + 0.5, 255).astype("uint8")


def tone(
    painted: np.ndarray,
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    shares: Sequence[float],
    share: float,
) -> np.ndarray:
    """Gives a painted image the mean and covariance that its styles' colors have.

    A descent of few passes leaves colors nearer to gray than the styles': a veil.

    Args:
        painted, content: `(H, W, 3) uint8`, each of its own size.
        styles: such images, and `shares` what each counts, 1 in all.
        share: from the content's colors, 0, to the styles', 1.

    Returns:
        `(H, W, 3) uint8`. No color is moved apart from the mean by more than `_FURTHEST` times, nor drawn
        nearer by more: in an image that has hardly any colors, these would be noise.
    """
    found = [_statistics(image) for image in (content, *styles)]
    weights = [1.0 - share, *(share * part for part in shares)]
    mean = np.sum([weight * one[0] for weight, one in zip(weights, found, strict=True)], axis=0)
    covariance = np.sum([weight * one[1] for weight, one in zip(weights, found, strict=True)], axis=0)
    own = _statistics(painted)
    values, vectors = np.linalg.eigh(_transport(own[1], covariance))
    bounded = (vectors * np.clip(values, 1 / _FURTHEST, _FURTHEST)) @ vectors.T
    return _moved(painted, own[0], mean, bounded)


def keep_luminance(painted: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The content with the brightness of the painted image and its own hues.

    Args:
        painted, content: `(H, W, 3) uint8` of the same size.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897, section 3.
    """
    brighter = (painted.astype("float64") - content) @ _LUMA
    return np.clip(content + brighter[..., None] + 0.5, 0, 255).astype("uint8")


def _transport(covariance: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The symmetric matrix that moves colors of one covariance to those of another by the least."""
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    return inverse @ _power(root @ wanted @ root, 0.5) @ inverse


def _moved(image: np.ndarray, mean: np.ndarray, wanted: np.ndarray, transport: np.ndarray) -> np.ndarray:
    shift = wanted - mean @ transport
    moved = image.reshape(-1, 3).astype("float32") @ transport.astype("float32") + shift.astype("float32")
    return np.clip(moved + 0.5, 0, 255).astype("uint8").reshape(image.shape)


def _statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    step = max(1, max(image.shape) // _SAMPLED)
    colors = image[::step, ::step].reshape(-1, 3).astype("float64")
    # A little noise keeps the covariance of a gray or flat image invertible.
    return colors.mean(axis=0), np.cov(colors.T) + np.eye(3)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
