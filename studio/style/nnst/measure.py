"""Style distance between a result and the paintings, for stopped runs and benchmarks."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.style.nnst.features import STRIDE, extract, pad
from studio.style.nnst.matching import normalize

COMPARED_SIZE = 256  # px of the longer side, where results are compared
_GRID_STRIDE = 8  # px of the image per position


def measure_style_distance(
    backbone: Backbone, result: np.ndarray, painting: np.ndarray, size: int = COMPARED_SIZE
) -> float:
    """Returns the relaxed earth mover's distance of the features of result and painting; lower is better.

    Args:
        backbone: VGG16.
        result, painting: `(H, W, 3) uint8`.
        size: px of the longer side at which they are compared.

    Returns:
        The larger of the mean centered cosine distances to the nearest in both directions, 0 to 2.

    Reference:
        Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity",
        arXiv:1904.12785.
    """
    grids = [extract_grid(backbone, image, size, _GRID_STRIDE) for image in (result, painting)]
    distances = 1.0 - cosine_similarity(*(features - features.mean(axis=0) for features in grids))
    return float(max(distances.min(axis=1).mean(), distances.min(axis=0).mean()))


def extract_grid(backbone: Backbone, image: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Returns features of `(H, W, 3) uint8` at a size, `(N, 2688) float32`, means of `stride` px squares."""
    features = extract(backbone, pad(image_io.to_01(image_io.fit(image, size)))).astype("float32")
    side = stride // STRIDE
    height, width = (length // side for length in features.shape[:2])
    blocks = features[: height * side, : width * side].reshape(height, side, width, side, -1)
    return blocks.mean(axis=(1, 3)).reshape(height * width, -1)


def cosine_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the cosine similarities of `(N, C)` and `(M, C)`."""
    return normalize(first) @ normalize(second).T
