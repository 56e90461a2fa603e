"""Keeping the content's colors: recolor the styles first, or take only the luminance of the result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.imaging import image_io

_MAX_SAMPLED = 512  # rows and columns that color statistics are taken from
_MAX_SCALE = 1.5  # of differences from the mean color
_WHITE_PERCENTILE = 99.5  # percentile of a painting's lightness that becomes white
_MAX_RISE = 10.0  # most that a painting's mean lightness rises, 0 to 255


def match_colors(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Gives an image the color mean and covariance of another, with the smallest change of each color.

    Args:
        image, target: `(H, W, 3) uint8`, of any sizes.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897; here with the optimal transport between two Gaussians, which,
        unlike a Cholesky factor, keeps hues from turning.
    """
    mean, covariance = _compute_statistics(image)
    target_mean, target_covariance = _compute_statistics(target)
    return _recolor(image, mean, target_mean, _compute_transport(covariance, target_covariance))


def brighten(painting: np.ndarray) -> np.ndarray:
    """Scales a painting's colors to a white point: scans are often darker than the painting.

    All channels are multiplied by the same number, which keeps hues and black.

    Args:
        painting: `(H, W, 3) uint8`.

    Returns:
        `(H, W, 3) uint8`: its lightest areas are white, or its mean has risen by `_MAX_RISE` levels.
    """
    step = max(1, max(painting.shape) // _MAX_SAMPLED)
    lightness = painting[::step, ::step] @ image_io.LUMA
    mean = max(1.0, float(lightness.mean()))
    gain = min(255.0 / max(1.0, float(np.percentile(lightness, _WHITE_PERCENTILE))), 1.0 + _MAX_RISE / mean)
    return np.minimum(painting * max(1.0, gain) + 0.5, 255).astype("uint8")


def match_style_colors(
    result: np.ndarray,
    content: np.ndarray,
    styles: Sequence[np.ndarray],
    shares: Sequence[float],
    style_share: float,
) -> np.ndarray:
    """Moves the mean color and color covariance of a result toward those of its styles.

    An optimization of few steps leaves colors grayer than those of the styles.

    Args:
        result, content: `(H, W, 3) uint8`, of any sizes.
        styles, shares: such images, and their weights, which add to 1.
        style_share: from 0, the content's colors, to 1, the styles'.

    Returns:
        `(H, W, 3) uint8`. Differences from the mean color grow or shrink at most `_MAX_SCALE` times: in an
        image with hardly any colors, more would amplify noise.
    """
    means, covariances = zip(*(_compute_statistics(image) for image in (content, *styles)), strict=True)
    weights = [1.0 - style_share, *(style_share * share for share in shares)]
    target_mean, target_covariance = (
        np.sum([weight * array for weight, array in zip(weights, arrays, strict=True)], axis=0)
        for arrays in (means, covariances)
    )
    mean, covariance = _compute_statistics(result)
    eigenvalues, eigenvectors = np.linalg.eigh(_compute_transport(covariance, target_covariance))
    transport = (eigenvectors * np.clip(eigenvalues, 1 / _MAX_SCALE, _MAX_SCALE)) @ eigenvectors.T
    return _recolor(result, mean, target_mean, transport)


def keep_luminance(result: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Returns the content with the luminance of the result and its own hues.

    Args:
        result, content: `(H, W, 3) uint8` of the same size.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897, section 3.
    """
    difference = (result.astype("float64") - content) @ image_io.LUMA
    return np.clip(content + difference[..., None] + 0.5, 0, 255).astype("uint8")


def _compute_transport(covariance: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Returns the symmetric matrix that transports one covariance to another with least movement."""
    root, inverse = _matrix_power(covariance, 0.5), _matrix_power(covariance, -0.5)
    return inverse @ _matrix_power(root @ target @ root, 0.5) @ inverse


def _recolor(
    image: np.ndarray, mean: np.ndarray, target_mean: np.ndarray, transport: np.ndarray
) -> np.ndarray:
    """Moves the mean color and transforms differences from it, clipped to 8 bits."""
    shift = target_mean - mean @ transport
    recolored = image.reshape(-1, 3).astype("float32") @ transport.astype("float32") + shift.astype("float32")
    return np.clip(recolored + 0.5, 0, 255).astype("uint8").reshape(image.shape)


def _compute_statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean color, `(3,)`, and the color covariance, `(3, 3)`."""
    step = max(1, max(image.shape) // _MAX_SAMPLED)
    colors = image[::step, ::step].reshape(-1, 3).astype("float64")
    # A little noise keeps the covariance of a gray or flat image invertible.
    return colors.mean(axis=0), np.cov(colors.T) + np.eye(3)


def _matrix_power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Returns the power of a symmetric, positive matrix."""
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    return (eigenvectors * np.maximum(eigenvalues, 1e-12) ** exponent) @ eigenvectors.T
