"""Runs networks on any number of rows, in a few fixed batch sizes. Does not import Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.core.litert.network import Network

BATCH_SIZES = (1, 8, 64)  # few sizes, because each is compiled or built once
LITERT_BATCH_SIZES = BATCH_SIZES[:2]  # larger batches are no faster in LiteRT and need more memory


def run_in_batches(
    run: Callable[[np.ndarray], Any], rows: np.ndarray, batch_sizes: Sequence[int] = BATCH_SIZES
) -> np.ndarray:
    """Runs a network on rows in batches, padded with zeros to the next batch size.

    Args:
        run: function from a batch, `(B, ...) float32`, to as many rows.
        rows: `(n, ...)`.
        batch_sizes: batch sizes, the smallest first.

    Returns:
        `(n, ...) float32`.
    """
    outputs, start = [], 0
    while start < len(rows):
        batch_size = next((size for size in batch_sizes if size >= len(rows) - start), batch_sizes[-1])
        chunk = rows[start : start + batch_size].astype("float32")
        padded = np.concatenate([chunk, np.zeros((batch_size - len(chunk), *chunk.shape[1:]), "float32")])
        outputs.append(np.asarray(run(padded))[: len(chunk)])
        start += batch_size
    return np.concatenate(outputs)


class BatchedNetwork:
    """A LiteRT network of one input and one output; it builds the file of each batch size on first use.

    Use it from one thread at a time.

    Args:
        build: returns the file for a batch size.
        cores: largest number of CPU cores to use.
    """

    def __init__(self, build: Callable[[int], bytes], cores: int):
        self._build, self._cores = build, cores
        self._networks: dict[int, Network] = {}

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Runs the network: `(n, ...)` -> `(n, ...) float32`."""
        return run_in_batches(self._run_batch, rows, LITERT_BATCH_SIZES)

    def _run_batch(self, batch: np.ndarray) -> np.ndarray:
        size = len(batch)
        if size not in self._networks:
            self._networks[size] = Network(self._build(size), self._cores)
        return self._networks[size](batch)[0]
