"""The rows of a data set that each training step learns from, and those that a test measures."""

from __future__ import annotations

import numpy as np


class Batches:
    """Rows of a data set, epoch by epoch, in an order that depends on the seed alone.

    Args:
        count: number of rows.
        batch: rows of one batch; all of them if there are fewer.
        seed: of the order.
    """

    def __init__(self, count: int, batch: int, seed: int):
        self.count, self.batch, self.seed = count, min(batch, count), seed
        self.each = count // self.batch
        self._epoch, self._order = -1, np.arange(0)

    def at(self, step: int) -> np.ndarray:
        """The sorted rows of the batch of a step, counted from 0: `(batch,) int64`."""
        epoch, n = divmod(step, self.each)
        if epoch != self._epoch:
            self._epoch, self._order = (
                epoch,
                np.random.default_rng([self.seed, epoch]).permutation(self.count),
            )
        # Sorted rows are the fastest to read from a file; their order within a batch has no effect.
        return np.sort(self._order[n * self.batch : (n + 1) * self.batch])


def part_seed(seed: int, n: int) -> int:
    """A seed for part `n`, below 100, of what has a seed: JAX takes at most 32 bits."""
    return (seed * 100 + n) % 2**32


def evenly_spaced(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of sorted rows, evenly from the first to the last: data sets come ordered by class."""
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]


def split_tests(rows: np.ndarray, few: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits held-out rows: at most `few` to test during training, at most `most` others at the end.

    A single row serves both.
    """
    during = evenly_spaced(rows, min(few, max(1, len(rows) // 2)))
    others = np.setdiff1d(rows, during)
    return during, evenly_spaced(others, most) if len(others) else during
