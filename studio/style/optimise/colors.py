"""Keeping the content's colours: recolour the style before, or keep only the brightness after."""

from __future__ import annotations

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_SAMPLED = 512  # px: so many rows and columns tell a picture's colours
_LIGHTS = 99.0  # percentile: the lightest pixels, but for glints and scratches
_MOST = 1.5  # times: a dark painting beside a sunny photo stays a dark painting


def match(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Gives a picture the mean and covariance of another's colours, moving each colour as little as can be.

    Args:
        image, target: `(H, W, 3) uint8`, each of its own size.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897; here with the optimal transport between two Gaussians, which,
        unlike a Cholesky factor, keeps hues from turning.
    """
    mean, covariance = _statistics(image)
    target_mean, target_covariance = _statistics(target)
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    transport = inverse @ _power(root @ target_covariance @ root, 0.5) @ inverse
    shift = target_mean - mean @ transport
    moved = image.reshape(-1, 3).astype("float32") @ transport.astype("float32") + shift.astype("float32")
    return np.clip(moved + 0.5, 0, 255).astype("uint8").reshape(image.shape)


def keep_luminance(painted: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The content with the brightness of the painted picture and its own hues.

    Args:
        painted, content: `(H, W, 3) uint8` of the same size.

    Returns:
        `(H, W, 3) uint8`.

    Reference:
        Gatys et al. 2016, arXiv:1606.05897, section 3.
    """
    brighter = (painted.astype("float64") - content) @ _LUMA
    return np.clip(content + brighter[..., None] + 0.5, 0, 255).astype("uint8")


def expose(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Makes a picture's lights as light as another's: never darker, and at most `_MOST` times as light.

    A painting is often seen in a dim scan, and all that is painted after it would be as dim.

    Args:
        image, target: `(H, W, 3) uint8`, each of its own size.

    Returns:
        `(H, W, 3) uint8`.
    """
    lights, wanted = (max(1.0, np.percentile(one.max(axis=-1), _LIGHTS)) for one in (image, target))
    gain = np.clip(wanted / lights, 1.0, _MOST)
    return np.minimum(image * gain + 0.5, 255).astype("uint8")


def _statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    step = max(1, max(image.shape) // _SAMPLED)
    colors = image[::step, ::step].reshape(-1, 3).astype("float64")
    # A little noise keeps the covariance of a grey or flat picture invertible.
    return colors.mean(axis=0), np.cov(colors.T) + np.eye(3)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
