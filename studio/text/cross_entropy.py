"""How well a model foresees a text: nats and bits a character."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.text.numpy_network import Network

PIECE = 256  # characters read between two reports


@dataclass(frozen=True)
class Score:
    """Attributes:
    nats_per_char: mean negative log-likelihood of each character after all before it; `log(vocabulary)` knows
        nothing.
    bits_per_char: the same in bits.
    chars: how many characters were foreseen.
    """

    nats_per_char: float
    bits_per_char: float
    chars: int


def nlls(
    network: Network, indices: np.ndarray, streams: int = 1, progress: Progress | None = None
) -> np.ndarray:
    """How surprised the model is by each character, in nats.

    Args:
        network: reads with its state carried from the first character to the last.
        indices: `(n,) int` characters.
        streams: 1 reads the text as it is; more cut it into so many parts that are read side by side,
            each as if nothing stood before it: faster, and slightly worse than true.
        progress: told how far it is.

    Returns:
        `(streams * ((n - 1) // streams),) float32`, from the second character on.
    """
    progress = progress or Progress()
    length = (len(indices) - 1) // streams
    read = indices[: streams * length].reshape(streams, length)
    wanted = indices[1 : streams * length + 1].reshape(streams, length)
    groups = np.array_split(np.arange(streams), min(streams, blas_threads.count()))
    readers = [_Reader(network, read[group], wanted[group]) for group in groups]
    for at in range(0, length, PIECE):
        blas_threads.side_by_side([partial(reader.go_on, at, at + PIECE) for reader in readers])
        progress.report(min(at + PIECE, length), length, text="Reading the text")
    return np.concatenate([reader.found for reader in readers]).reshape(-1)


class _Reader:
    """Where a model is in some texts that are read side by side."""

    def __init__(self, network: Network, read: np.ndarray, wanted: np.ndarray):
        self._network, self._read, self._wanted = network, read, wanted
        self._states = network.states(len(read))
        self.found = np.empty(read.shape, "float32")

    def go_on(self, start: int, end: int) -> None:
        logits, self._states = self._network.run(self._read[:, start:end], self._states)
        self.found[:, start:end] = _nats(logits, self._wanted[:, start:end])


def _nats(logits: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    highest = logits.max(-1, keepdims=True)
    total = highest[..., 0] + np.log(np.exp(logits - highest).sum(-1))
    return total - np.take_along_axis(logits, wanted[..., None], -1)[..., 0]


def score(network: Network, indices: np.ndarray, streams: int = 1, progress: Progress | None = None) -> Score:
    """The mean of `nlls`."""
    found = nlls(network, indices, streams, progress)
    nats = float(np.mean(found, dtype="float64"))
    return Score(nats, nats / math.log(2), len(found))
