"""Spreads color hints over the objects under them, up to the edges of the photo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg

SIDE = 256  # px, longer side of the photo on which hints are spread
_SMOOTHING_STEPS = 2  # of the bilateral filter
_SMOOTHING_LIGHTNESS = 8.0  # L*, standard deviation of the bilateral filter
_SMOOTHING_RADIUS = 2  # px
_TEXTURE_TOLERANCE = 1.5  # times the mean step of lightness under the hints: smaller steps are no edges
_EDGE_LIGHTNESS = 3.0  # L*: a step by this much divides the affinity of neighbors by e
_MIN_AFFINITY = 1e-4
_HINT_WEIGHT = 10.0
_PREDICTION_WEIGHT = 2e-5  # limits how far hints reach where no edge stops them
_CONTRAST_WEIGHT = 2e-3  # the same where the lightness differs from that under the hints
_CONTRAST_LIGHTNESS = 25.0  # L* outside the range under a hint
_MAX_CONTRAST = 1.5
_MAX_STROKES = 64  # more strokes share the range of their lightness
_THRESHOLD, _SOFTNESS = 0.3, 0.3  # of the solution: center and width of the step from prediction to hint


class Spread(NamedTuple):
    """The hints at each position.

    Attributes:
        share: 0 where the prediction holds, 1 where a hint does, `(h, w) float32`.
        colors: a* and b* of the hints, `(h, w, 2) float32`.
    """

    share: np.ndarray
    colors: np.ndarray


def spread(lightness: np.ndarray, hints: np.ndarray, mask: np.ndarray) -> Spread:
    """Spreads color hints to positions that no edge separates from them.

    Minimizes squared differences of neighbors, weighted by the similarity of their lightness, with the hints
    fixed and a small weight that pulls all else to the prediction. A threshold turns the result into areas.

    Args:
        lightness: L* of 0 to 100, `(h, w) float32`.
        hints: a* and b*, `(h, w, 2) float32`, of any value where `mask` is False.
        mask: where hints are painted, `(h, w) bool`, at least one position.

    Reference:
        Levin et al. 2004, "Colorization using optimization"; the pull and the threshold as in random walker
        segmentation with priors (Grady 2005).
    """
    shape = lightness.shape
    smooth = _smooth(lightness)
    sources = np.concatenate([np.ones((*shape, 1)), hints], axis=-1) * (_HINT_WEIGHT * mask[..., None])
    system = _build_laplacian(smooth, mask) + sparse.diags(
        (_HINT_WEIGHT * mask + _pull_to_prediction(smooth, mask)).ravel()
    )
    solution = linalg.splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(
        sources.reshape(-1, 3)
    )
    weights, *colors = solution.T.reshape(3, *shape).astype("float32")
    step = np.clip((weights - _THRESHOLD) / _SOFTNESS + 0.5, 0, 1)
    share = np.where(mask, 1, step * step * (3 - 2 * step)).astype("float32")
    return Spread(share, np.stack(colors, axis=-1) / np.maximum(weights, 1e-6)[..., None])


def _smooth(lightness: np.ndarray) -> np.ndarray:
    """Removes grain and texture but keeps edges: a median, then bilateral filters."""
    smooth = ndimage.median_filter(lightness, 3)
    radius = _SMOOTHING_RADIUS
    for _ in range(_SMOOTHING_STEPS):
        padded, total, weight_sum = np.pad(smooth, radius, mode="edge"), 0.0, 0.0
        for down, right in np.ndindex(2 * radius + 1, 2 * radius + 1):
            shifted = padded[down : down + len(smooth), right : right + smooth.shape[1]]
            distance = (down - radius) ** 2 + (right - radius) ** 2
            weight = np.exp(
                -((shifted - smooth) ** 2) / (2 * _SMOOTHING_LIGHTNESS**2) - distance / (2 * radius**2)
            )
            total, weight_sum = total + weight * shifted, weight_sum + weight
        smooth = total / weight_sum
    return smooth


def _build_laplacian(smooth: np.ndarray, mask: np.ndarray) -> sparse.csr_matrix:
    """Returns the graph Laplacian of neighbors in rows and columns, `(h * w, h * w)`."""
    numbers, values, painted = np.arange(smooth.size).reshape(smooth.shape), smooth.ravel(), mask.ravel()
    first = np.concatenate([numbers[:, :-1].ravel(), numbers[:-1].ravel()])
    second = np.concatenate([numbers[:, 1:].ravel(), numbers[1:].ravel()])
    steps = np.abs(values[first] - values[second])
    under_hints = steps[painted[first] & painted[second]]
    texture = _TEXTURE_TOLERANCE * under_hints.mean() if under_hints.size else 0.0
    affinity = np.exp(-np.maximum(steps - texture, 0) / _EDGE_LIGHTNESS) + _MIN_AFFINITY
    ends = (np.concatenate([first, second]), np.concatenate([second, first]))
    graph = sparse.csr_matrix((np.tile(affinity, 2), ends), (smooth.size,) * 2)
    return sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph


def _pull_to_prediction(smooth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Returns the weights of the prediction, `(h, w)`: larger where no hint has a similar lightness."""
    strokes, count = ndimage.label(mask, np.ones((3, 3)))
    strokes = np.minimum(strokes, _MAX_STROKES)
    contrast = np.full(smooth.shape, np.inf)
    for number in range(1, min(count, _MAX_STROKES) + 1):
        low, high = np.percentile(smooth[strokes == number], [10, 90])
        contrast = np.minimum(contrast, np.maximum(np.maximum(low - smooth, smooth - high), 0))
    return _PREDICTION_WEIGHT + _CONTRAST_WEIGHT * np.minimum(contrast / _CONTRAST_LIGHTNESS, _MAX_CONTRAST)
