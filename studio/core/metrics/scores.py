"""How near made images are to real ones: FID, KID, precision and recall, nearest neighbors, LPIPS.

All compare the features of two sets of images; each figure comes with its standard error and its n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from studio.core.errors import invalid
from studio.core.metrics.inception import features
from studio.core.progress import Progress

__all__ = [
    "Statistic",
    "features",
    "fid",
    "kid",
    "lpips_of_pairs",
    "nearest",
    "precision_recall",
    "squared_distances",
]

BLOCKS = 10  # that a jackknife leaves out in turn
NEIGHBORS = 3
_LEAST = 2 * BLOCKS
_ROWS = 512  # of a table of distances at once, so that the memory stays bounded


@dataclass(frozen=True)
class Statistic:
    """A figure that was estimated from images.

    Attributes:
        value: the estimate.
        error: its standard error.
        n: images in each of the two sets, in the smaller where they differ.
    """

    value: float
    error: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.error:.2g} (n = {self.n:,})"


def fid(a: np.ndarray, b: np.ndarray, progress: Progress | None = None) -> Statistic:
    """The Fréchet distance between the normal distributions that fit two sets of features.

    It is biased upwards, the more the fewer images, so only figures of the same n compare. Its error is
    that of a jackknife, which leaves out a tenth of both sets in turn: it tells nothing of that bias, and is
    up to 1.5 times too large where the sets are nearly alike.

    Args:
        a, b: `(n, d)` and `(m, d)`, of `features`.
        progress: told of each tenth.

    Raises:
        InvalidInput: if a set has fewer than 20 images.
        Cancelled: if a user asked to stop.

    Reference:
        Heusel et al. 2017, arXiv:1706.08500.
    """
    progress = progress or Progress()
    _check(a, b)
    blocks_a, blocks_b = _Blocks(a), _Blocks(b)
    value = _frechet(blocks_a.without(None), blocks_b.without(None))
    left = []
    for block in range(BLOCKS):
        progress.report(block, BLOCKS, text="Measuring FID")
        left.append(_frechet(blocks_a.without(block), blocks_b.without(block)))
    error = math.sqrt((BLOCKS - 1) * np.var(left))
    return Statistic(value, error, min(len(a), len(b)))


Normal = tuple[np.ndarray, np.ndarray]  # a mean, and a factor F of its covariance, which is F' F


class _Blocks:
    """A set of features in blocks, of which the mean and covariance without one are quickly found."""

    def __init__(self, features: np.ndarray):
        self._center = features.mean(axis=0, dtype="float64")
        # Blocks of every tenth image: neighbors in a data set are often alike.
        self._parts = [features[block::BLOCKS].astype("float64") - self._center for block in range(BLOCKS)]
        self._tall = len(features) * (BLOCKS - 1) // BLOCKS > features.shape[1]
        self._products = [part.T @ part for part in self._parts] if self._tall else []

    def without(self, block: int | None) -> Normal:
        kept = [n for n in range(BLOCKS) if n != block]
        count = sum(len(self._parts[n]) for n in kept)
        mean = sum(self._parts[n].sum(axis=0) for n in kept) / count
        if not self._tall:
            rows = np.concatenate([self._parts[n] for n in kept]) - mean
            return self._center + mean, rows / math.sqrt(count - 1)
        products = sum(self._products[n] for n in kept)
        covariance = (products - count * np.outer(mean, mean)) / (count - 1)
        spread = np.trace(covariance) / len(covariance)  # none where all images are alike
        covariance[np.diag_indices_from(covariance)] += max(1e-10 * spread, 1e-12)
        return self._center + mean, np.linalg.cholesky(covariance).T


def _frechet(a: Normal, b: Normal) -> float:
    """|m - n|^2 + Tr S + Tr T - 2 Tr (S T)^(1/2); the last is the sum of the singular values of F G'."""
    (mean_a, factor_a), (mean_b, factor_b) = a, b
    short, long = sorted((factor_a, factor_b), key=len)
    product = short @ long.T
    with threadpool_limits(1):  # several threads gain little here, and lose minutes where others compute too
        squares = np.linalg.eigvalsh(product @ product.T)
    overlap = np.sqrt(np.clip(squares, 0, None)).sum()
    distance = np.sum((mean_a - mean_b) ** 2) + np.sum(factor_a**2) + np.sum(factor_b**2) - 2 * overlap
    return max(0.0, float(distance))


def kid(a: np.ndarray, b: np.ndarray) -> Statistic:
    """The squared maximum mean discrepancy of two sets of features, with the kernel (x y / d + 1)^3.

    Unbiased, so that figures of any n compare. Departs from the paper: all pairs at once, not the mean of
    random subsets. The expectation is the same, the noise less, and nothing is drawn. The error is that of a
    jackknife, which leaves out each image in turn; up to 1.5 times too large for sets nearly alike.

    Args:
        a, b: as in `fid`.

    Raises:
        InvalidInput: if a set has fewer than 20 images.

    Reference:
        Bińkowski et al. 2018, arXiv:1801.01401.
    """
    _check(a, b)
    n, m = len(a), len(b)
    within_a, within_b = _kernel_sums(a, a, same=True), _kernel_sums(b, b, same=True)
    across_a, across_b = _kernel_sums(a, b), _kernel_sums(b, a)
    sum_a, sum_b, across = within_a.sum(), within_b.sum(), across_a.sum()

    def discrepancy(sum_a, n, sum_b, m, across):
        return sum_a / (n * (n - 1)) + sum_b / (m * (m - 1)) - 2 * across / (n * m)

    without_a = discrepancy(sum_a - 2 * within_a, n - 1, sum_b, m, across - across_a)
    without_b = discrepancy(sum_a, n, sum_b - 2 * within_b, m - 1, across - across_b)
    error = math.sqrt((n - 1) * np.var(without_a) + (m - 1) * np.var(without_b))
    return Statistic(float(discrepancy(sum_a, n, sum_b, m, across)), error, min(n, m))


def _kernel_sums(a: np.ndarray, b: np.ndarray, same: bool = False) -> np.ndarray:
    """For each row of `a`, the sum of its kernels with all rows of `b`, with others than itself if `same`."""
    sums = np.empty(len(a))
    for rows in _slices(len(a)):
        kernels = ((a[rows] @ b.T).astype("float64") / a.shape[1] + 1) ** 3
        if same:
            kernels[np.arange(len(kernels)), np.arange(rows.start, rows.stop)] = 0
        sums[rows] = kernels.sum(axis=1)
    return sums


def precision_recall(
    made: np.ndarray, real: np.ndarray, neighbors: int = NEIGHBORS
) -> tuple[Statistic, Statistic]:
    """Which share of the made images looks real, and which share of the real ones could have been made.

    An image counts as one of a set if it is nearer to one of its images than that one's third neighbor.
    The errors are those of a share of n independent images.

    Args:
        made, real: as in `fid`.
        neighbors: the k of the paper.

    Raises:
        InvalidInput: if a set has fewer than 20 images.

    Reference:
        Kynkäänniemi et al. 2019, arXiv:1904.06991.
    """
    _check(made, real)
    return _share(_covered(made, real, neighbors), real), _share(_covered(real, made, neighbors), made)


def _covered(points: np.ndarray, among: np.ndarray, neighbors: int) -> np.ndarray:
    """`(n,) bool`: which points lie within reach of another set."""
    reach = np.empty(len(among), "float32")
    for rows in _slices(len(among)):
        squares = squared_distances(among[rows], among)
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = np.inf
        reach[rows] = np.partition(squares, neighbors - 1, axis=1)[:, neighbors - 1]
    covered = np.empty(len(points), bool)
    for rows in _slices(len(points)):
        covered[rows] = (squared_distances(points[rows], among) <= reach).any(axis=1)
    return covered


def _share(hits: np.ndarray, others: np.ndarray) -> Statistic:
    share = float(hits.mean())
    return Statistic(share, math.sqrt(share * (1 - share) / len(hits)), min(len(hits), len(others)))


def nearest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far each image of a set is from the nearest of another.

    Args:
        a, b: `(n, d)` and `(m, d)` features.

    Returns:
        `(n,) float32` Euclidean distances.
    """
    distances = np.empty(len(a), "float32")
    for rows in _slices(len(a)):
        closest = b[squared_distances(a[rows], b).argmin(axis=1)]
        # Again, as the difference of large squares tells copies from near ones badly.
        distances[rows] = np.linalg.norm(a[rows] - closest, axis=1)
    return distances


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of each row of `(n, d)` to each of `(m, d)`: `(n, m)`; rounded where they are near."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.maximum(squares, 0)


def _slices(count: int) -> Iterator[slice]:
    return (slice(start, min(start + _ROWS, count)) for start in range(0, count, _ROWS))


def _check(*sets: np.ndarray) -> None:
    if min(map(len, sets)) < _LEAST:
        received = " and ".join(str(len(found)) for found in sets)
        expected, step = f"at least {_LEAST} images in each set", "compare more images"
        raise invalid("images to compare", expected=expected, received=received, next_step=step)


def lpips_of_pairs(
    made: np.ndarray, truth: np.ndarray, progress: Progress | None = None, at_once: int = 25
) -> float:
    """How different each image looks from what it should be: the mean LPIPS (arXiv:1801.03924).

    Args:
        made, truth: `(n, H, W, 3) uint8`, pair by pair.
        progress: told of each part.
        at_once: pairs that are looked at together.

    Raises:
        Unavailable: if the network is not here and cannot be fetched.
        Cancelled: if a user asked to stop.
    """
    from studio.core.metrics import lpips

    total = 0.0
    for at in range(0, len(made), at_once):
        if progress is not None:
            progress.report(at, len(made))
        one, other = (some[at : at + at_once].astype("float32") / 255 for some in (made, truth))
        total += len(one) * lpips.distance(one, other)
    return total / len(made)
