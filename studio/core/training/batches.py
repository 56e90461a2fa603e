"""The rows of a data set for each training step and for each test."""

from __future__ import annotations

import numpy as np


class Batches:
    """Batches of a data set, shuffled in each epoch in an order that depends only on the seed.

    Args:
        count: number of rows.
        batch: batch size; at most `count`.
        seed: seed of the order.
    """

    def __init__(self, count: int, batch: int, seed: int):
        self.count, self.batch, self.seed = count, min(batch, count), seed
        self.each = count // self.batch
        self._epoch, self._order = -1, np.arange(0)

    def at(self, step: int) -> np.ndarray:
        """Returns the sorted rows of the batch of a step, counted from 0: `(batch,) int64`."""
        epoch, n = divmod(step, self.each)
        if epoch != self._epoch:
            self._epoch, self._order = (
                epoch,
                np.random.default_rng([self.seed, epoch]).permutation(self.count),
            )
        # Sorted rows are faster to read from a file; their order within a batch has no effect.
        return np.sort(self._order[n * self.batch : (n + 1) * self.batch])


def derive_seed(seed: int, n: int) -> int:
    """Derives a seed for part `n`, below 100, from a seed. JAX accepts at most 32 bits."""
    return (seed * 100 + n) % 2**32


def select_evenly_spaced(rows: np.ndarray, most: int) -> np.ndarray:
    """Returns at most `most` of the sorted rows, evenly spaced, because data sets are ordered by class."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]


def split_test_rows(rows: np.ndarray, few: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits held-out rows: at most `few` to test during training, at most `most` others at the end.

    A single row is used for both.

    Returns:
        The rows to test during training and those to test at the end.
    """
    during = select_evenly_spaced(rows, min(few, max(1, len(rows) // 2)))
    others = np.setdiff1d(rows, during)
    return during, select_evenly_spaced(others, most) if len(others) else during
