"""Networks run on any number of rows, a few sizes of batches at a time; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.core.litert.network import Network

BATCHES = (1, 8, 64)  # the only numbers of rows at once, so that nothing is compiled or written twice
WRITTEN = BATCHES[:2]  # larger batches are no faster there and take more memory


def in_batches(
    run: Callable[[np.ndarray], Any], rows: np.ndarray, sizes: Sequence[int] = BATCHES
) -> np.ndarray:
    """Runs a network on rows, filled up with zeros to the next size of a batch.

    Args:
        run: takes a batch, `(B, ...) float32`, and gives as many rows.
        rows: `(n, ...)`.
        sizes: of batches, the smallest first.

    Returns:
        `(n, ...) float32`.
    """
    made, at = [], 0
    while at < len(rows):
        size = next((size for size in sizes if size >= len(rows) - at), sizes[-1])
        part = rows[at : at + size].astype("float32")
        filled = np.concatenate([part, np.zeros((size - len(part), *part.shape[1:]), "float32")])
        made.append(np.asarray(run(filled))[: len(part)])
        at += size
    return np.concatenate(made)


class Written:
    """A network of one input and one output, written for a few sizes of batches when each is first needed.

    Used by one thread at a time.

    Args:
        write: the file for so many rows at once.
        cores: how many it may use.
    """

    def __init__(self, write: Callable[[int], bytes], cores: int):
        self._write, self._cores = write, cores
        self._networks: dict[int, Network] = {}

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """`(n, ...)` -> `(n, ...) float32`."""
        return in_batches(self._run, rows, WRITTEN)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        size = len(batch)
        if size not in self._networks:
            self._networks[size] = Network(self._write(size), self._cores)
        return self._networks[size](batch)[0]
