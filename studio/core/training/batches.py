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
        self.batches_per_epoch = count // self.batch
        self._epoch, self._order = -1, np.arange(0)

    def select_rows(self, step: int) -> np.ndarray:
        """Returns the sorted rows of the batch of a step, counted from 0: `(batch,) int64`."""
        epoch, n = divmod(step, self.batches_per_epoch)
        if epoch != self._epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self._epoch, self._order = epoch, rng.permutation(self.count)
        # Sorted rows are faster to read from a file; their order within a batch has no effect.
        return np.sort(self._order[n * self.batch : (n + 1) * self.batch])


def derive_seed(seed: int, n: int) -> int:
    """Derives a seed for part `n`, below 100, from a seed. JAX accepts at most 32 bits."""
    return (seed * 100 + n) % 2**32


def select_evenly_spaced(rows: np.ndarray, max_count: int) -> np.ndarray:
    """Selects at most `max_count` of the sorted rows, evenly spaced: data sets are ordered by class."""
    return rows[np.linspace(0, len(rows) - 1, min(max_count, len(rows))).round().astype(int)]


def split_test_rows(rows: np.ndarray, max_interim: int, max_final: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits held-out rows to test during training from those to test at its end.

    A single row is used for both.

    Args:
        rows: sorted held-out rows, `(n,)`.
        max_interim: most rows to test during training.
        max_final: most rows to test at the end.

    Returns:
        The rows to test during training and those to test at the end.
    """
    interim_rows = select_evenly_spaced(rows, min(max_interim, max(1, len(rows) // 2)))
    remaining = np.setdiff1d(rows, interim_rows)
    return interim_rows, select_evenly_spaced(remaining, max_final) if len(remaining) else interim_rows
