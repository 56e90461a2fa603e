"""Metrics of generated images against real ones: FID, KID, precision and recall, nearest neighbors, LPIPS.

All but LPIPS compare the features of two sets of images. A `Statistic` holds its standard error and n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from studio.core.errors import invalid
from studio.core.progress import Progress

BLOCKS = 10  # blocks of the jackknife
NEIGHBORS = 3
_LPIPS_BATCH = 25  # pairs of images
_MIN_IMAGES = 2 * BLOCKS
_ROWS = 512  # rows of a distance matrix at once, to bound the memory


@dataclass(frozen=True)
class Statistic:
    """A metric estimated from images.

    Attributes:
        value: the estimate.
        error: its standard error.
        n: number of images in the smaller of the two sets.
    """

    value: float
    error: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.error:.2g} (n = {self.n:,})"


def fid(a: np.ndarray, b: np.ndarray, progress: Progress | None = None) -> Statistic:
    """Returns the Fréchet distance between normal distributions fitted to two sets of features.

    FID is biased upwards, more so for fewer images, so compare only values of equal n. The error is a
    jackknife estimate that leaves out a tenth of both sets in turn. It does not include the bias, and is up
    to 1.5 times too large for nearly equal sets.

    Args:
        a, b: `inception.compute_features` of the sets, `(n, d)` and `(m, d)`.
        progress: reports each tenth.

    Raises:
        InvalidInput: if a set has fewer than 20 images.
        Cancelled: if the job was cancelled.

    Reference:
        Heusel et al. 2017, arXiv:1706.08500.
    """
    progress = progress or Progress()
    _check_set_sizes(a, b)
    blocks_a, blocks_b = _Blocks(a), _Blocks(b)
    value = _compute_frechet_distance(blocks_a.without(None), blocks_b.without(None))
    estimates = []
    for block in range(BLOCKS):
        progress.report(block, BLOCKS, text="Measuring FID")
        estimates.append(_compute_frechet_distance(blocks_a.without(block), blocks_b.without(block)))
    error = math.sqrt((BLOCKS - 1) * np.var(estimates))
    return Statistic(value, error, min(len(a), len(b)))


Normal = tuple[np.ndarray, np.ndarray]  # mean, and a factor F of the covariance F' F


class _Blocks:
    """A set of features in blocks; computes mean and covariance without one block quickly."""

    def __init__(self, features: np.ndarray):
        self._center = features.mean(axis=0, dtype="float64")
        # A block is every tenth image, because neighbors in a data set are often similar.
        self._parts = [features[block::BLOCKS].astype("float64") - self._center for block in range(BLOCKS)]
        self._has_full_rank = len(features) * (BLOCKS - 1) // BLOCKS > features.shape[1]
        self._products = [part.T @ part for part in self._parts] if self._has_full_rank else []

    def without(self, block: int | None) -> Normal:
        """Returns mean and covariance factor without one block; None leaves out none."""
        blocks = [n for n in range(BLOCKS) if n != block]
        count = sum(len(self._parts[n]) for n in blocks)
        mean = sum(self._parts[n].sum(axis=0) for n in blocks) / count
        if not self._has_full_rank:
            rows = np.concatenate([self._parts[n] for n in blocks]) - mean
            return self._center + mean, rows / math.sqrt(count - 1)
        products = sum(self._products[n] for n in blocks)
        covariance = (products - count * np.outer(mean, mean)) / (count - 1)
        spread = np.trace(covariance) / len(covariance)  # 0 if all images are equal
        covariance[np.diag_indices_from(covariance)] += max(1e-10 * spread, 1e-12)
        return self._center + mean, np.linalg.cholesky(covariance).T


def _compute_frechet_distance(a: Normal, b: Normal) -> float:
    """Returns |m - n|^2 + Tr S + Tr T - 2 Tr (S T)^(1/2).

    The last trace is the sum of the singular values of F G', for S = F' F and T = G' G.
    """
    (mean_a, factor_a), (mean_b, factor_b) = a, b
    short, long = sorted((factor_a, factor_b), key=len)
    product = short @ long.T
    with threadpool_limits(1):  # more threads gain little, and cost minutes on a busy machine
        squares = np.linalg.eigvalsh(product @ product.T)
    overlap = np.sqrt(np.clip(squares, 0, None)).sum()
    distance = np.sum((mean_a - mean_b) ** 2) + np.sum(factor_a**2) + np.sum(factor_b**2) - 2 * overlap
    return max(0.0, float(distance))


def kid(a: np.ndarray, b: np.ndarray) -> Statistic:
    """Returns the squared maximum mean discrepancy of two sets of features, with the kernel (x y / d + 1)^3.

    KID is unbiased, so values of different n compare. Unlike the paper, it uses all pairs, not the mean of
    random subsets: equal expectation, less noise, no randomness. The error is a jackknife estimate that
    leaves out each image in turn; it is up to 1.5 times too large for nearly equal sets.

    Args:
        a, b: `inception.compute_features` of the sets, `(n, d)` and `(m, d)`.

    Raises:
        InvalidInput: if a set has fewer than 20 images.

    Reference:
        Bińkowski et al. 2018, arXiv:1801.01401.
    """
    _check_set_sizes(a, b)
    n, m = len(a), len(b)
    within_a, within_b = _compute_kernel_sums(a, a, same=True), _compute_kernel_sums(b, b, same=True)
    across_a, across_b = _compute_kernel_sums(a, b), _compute_kernel_sums(b, a)
    sum_a, sum_b, across = within_a.sum(), within_b.sum(), across_a.sum()

    def compute_discrepancy(sum_a, n, sum_b, m, across):
        return sum_a / (n * (n - 1)) + sum_b / (m * (m - 1)) - 2 * across / (n * m)

    without_a = compute_discrepancy(sum_a - 2 * within_a, n - 1, sum_b, m, across - across_a)
    without_b = compute_discrepancy(sum_a, n, sum_b - 2 * within_b, m - 1, across - across_b)
    error = math.sqrt((n - 1) * np.var(without_a) + (m - 1) * np.var(without_b))
    return Statistic(float(compute_discrepancy(sum_a, n, sum_b, m, across)), error, min(n, m))


def _compute_kernel_sums(a: np.ndarray, b: np.ndarray, same: bool = False) -> np.ndarray:
    """Returns the sum of kernels of each row of `a` with all rows of `b`, or all others if `same`, `(n,)`."""
    sums = np.empty(len(a))
    for rows in _slice_rows(len(a)):
        kernels = ((a[rows] @ b.T).astype("float64") / a.shape[1] + 1) ** 3
        if same:
            kernels[np.arange(len(kernels)), np.arange(rows.start, rows.stop)] = 0
        sums[rows] = kernels.sum(axis=1)
    return sums


def precision_recall(generated: np.ndarray, real: np.ndarray) -> tuple[float, float]:
    """Returns precision (share of generated images that look real) and recall (share of real images covered).

    An image belongs to a set if it is within the distance of the k-th neighbor of one of its images.

    Args:
        generated, real: `inception.compute_features` of the sets, `(n, d)` and `(m, d)`.

    Raises:
        InvalidInput: if a set has fewer than 20 images.

    Reference:
        Kynkäänniemi et al. 2019, arXiv:1904.06991.
    """
    _check_set_sizes(generated, real)
    precision, recall = _is_covered(generated, real), _is_covered(real, generated)
    return float(precision.mean()), float(recall.mean())


def _is_covered(points: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Returns which points are within the k-th neighbor distance of a reference, `(n,) bool`."""
    radii = np.empty(len(references), "float32")
    for rows in _slice_rows(len(references)):
        squares = compute_squared_distances(references[rows], references)
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = np.inf
        radii[rows] = np.partition(squares, NEIGHBORS - 1, axis=1)[:, NEIGHBORS - 1]
    is_covered = np.empty(len(points), bool)
    for rows in _slice_rows(len(points)):
        is_covered[rows] = (compute_squared_distances(points[rows], references) <= radii).any(axis=1)
    return is_covered


def compute_nearest_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the distance of each image of a set to the nearest image of another.

    Args:
        a, b: `inception.compute_features` of the sets, `(n, d)` and `(m, d)`.

    Returns:
        `(n,) float32` Euclidean distances.
    """
    distances = np.empty(len(a), "float32")
    for rows in _slice_rows(len(a)):
        closest = b[compute_squared_distances(a[rows], b).argmin(axis=1)]
        # Compute the distance directly: the difference of large squares is too inexact for near copies.
        distances[rows] = np.linalg.norm(a[rows] - closest, axis=1)
    return distances


def compute_squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the squared distances of rows of `(n, d)` to rows of `(m, d)`, `(n, m)`; inexact if small."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.maximum(squares, 0)


def _slice_rows(count: int) -> Iterator[slice]:
    return (slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS))


def _check_set_sizes(*sets: np.ndarray) -> None:
    if min(map(len, sets)) < _MIN_IMAGES:
        received = " and ".join(str(len(images)) for images in sets)
        expected, step = f"at least {_MIN_IMAGES} images in each set", "compare more images"
        raise invalid("images to compare", expected=expected, received=received, next_step=step)


def compute_mean_lpips(images: np.ndarray, targets: np.ndarray, progress: Progress | None = None) -> float:
    """Returns the mean LPIPS (arXiv:1801.03924) of pairs of images.

    Args:
        images, targets: the pairs, `(n, H, W, 3) uint8` each.
        progress: reports each batch.

    Raises:
        Unavailable: if the weights cannot be downloaded.
        Cancelled: if the job was cancelled.
    """
    from studio.core.metrics import lpips

    total = 0.0
    for start in range(0, len(images), _LPIPS_BATCH):
        if progress is not None:
            progress.report(start, len(images))
        first, second = (
            group[start : start + _LPIPS_BATCH].astype("float32") / 255 for group in (images, targets)
        )
        total += len(first) * lpips.compute_distance(first, second)
    return total / len(images)
