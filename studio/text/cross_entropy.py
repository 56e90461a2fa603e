"""Cross-entropy of a language model on a text, in nats and bits per character."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from studio.core.process import blas_threads, limits
from studio.core.progress import Progress
from studio.text.networks import AnyNetwork

CHARS_PER_REPORT = 256


@dataclass(frozen=True)
class Score:
    """Cross-entropy of a model on a text.

    Attributes:
        nats_per_char: mean negative log-likelihood of a character given all before it; `log(vocabulary)` is
            that of guessing.
        bits_per_char: `nats_per_char` in bits.
        chars: number of predicted characters.
    """

    nats_per_char: float
    bits_per_char: float
    chars: int


def compute_losses(
    network: AnyNetwork, indices: np.ndarray, streams: int = 1, progress: Progress | None = None
) -> np.ndarray:
    """Computes the negative log-likelihood of each character, in nats.

    Args:
        network: the model; its states carry from the first character to the last.
        indices: `(n,) int` characters.
        streams: 1 reads the text as a whole; more split it into so many parts that are read in parallel, each
            without context: faster, and slightly too high.
        progress: receives reports.

    Returns:
        `(streams * ((n - 1) // streams),) float32`, from the second character on.
    """
    progress = progress or Progress()
    length = (len(indices) - 1) // streams
    inputs = indices[: streams * length].reshape(streams, length)
    targets = indices[1 : streams * length + 1].reshape(streams, length)
    groups = np.array_split(np.arange(streams), min(streams, limits.count_cores()))
    readers = [_Reader(network, inputs[group], targets[group]) for group in groups]
    for at in range(0, length, CHARS_PER_REPORT):
        blas_threads.run_parallel(
            [partial(reader.read_part, at, at + CHARS_PER_REPORT) for reader in readers]
        )
        progress.report(min(at + CHARS_PER_REPORT, length), length, text="Reading the text")
    return np.concatenate([reader.losses for reader in readers]).reshape(-1)


class _Reader:
    """Reads several texts in parallel, part by part, and collects their losses.

    Args:
        network: the model.
        inputs: `(B, T) int` characters.
        targets: `(B, T) int`, the character after each.
    """

    def __init__(self, network: AnyNetwork, inputs: np.ndarray, targets: np.ndarray):
        self._network, self._inputs, self._targets = network, inputs, targets
        self._states = network.states(len(inputs))
        self.losses = np.empty(inputs.shape, "float32")

    def read_part(self, start: int, end: int) -> None:
        """Reads characters `start` to `end` of each text and stores their losses."""
        logits, self._states = self._network.run(self._inputs[:, start:end], self._states)
        self.losses[:, start:end] = _compute_cross_entropy(logits, self._targets[:, start:end])


def _compute_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    highest = logits.max(-1, keepdims=True)
    log_sum_exp = highest[..., 0] + np.log(np.exp(logits - highest).sum(-1))
    return log_sum_exp - np.take_along_axis(logits, targets[..., None], -1)[..., 0]


def score(
    network: AnyNetwork, indices: np.ndarray, streams: int = 1, progress: Progress | None = None
) -> Score:
    """Returns the cross-entropy of a text. See `compute_losses` for the arguments."""
    losses = compute_losses(network, indices, streams, progress)
    nats = float(np.mean(losses, dtype="float64"))
    return Score(nats, nats / math.log(2), len(losses))
