"""The sampler: samples one character at a time from the model's distribution, each at the same cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from studio.core.errors import Cancelled
from studio.core.process import blas_threads, limits
from studio.core.progress import Progress
from studio.text.networks import AnyNetwork, quantize_network
from studio.text.settings import WriteSettings
from studio.text.vocabulary import Vocabulary

REPORT_SECONDS = 0.1
MIN_PARALLEL_TEXTS = 8  # texts; with fewer, one core is faster than several
_RANDOM_BLOCK = 1024  # random numbers drawn at once
_PARALLEL_STEPS = 16  # steps that each core takes before the texts are joined


@dataclass(frozen=True)
class Sample:
    """A generated text, without its prompt.

    Attributes:
        text: the characters.
        nats: `(len(text),) float32`, the negative log-likelihood of each.
        steps: number of sampled characters, including the stop text and characters after it.
        stopped_early: whether the user stopped it here.
    """

    text: str
    nats: np.ndarray
    steps: int
    stopped_early: bool = False


class Sampler:
    """Holds the states of a model in one or several texts, so that each character is read only once.

    Args:
        network: the model.
        batch: number of texts generated in parallel.
    """

    def __init__(self, network: AnyNetwork, batch: int = 1):
        self._network, self._states = network, network.states(batch)
        self.logits = np.zeros((batch, network.size), "float32")

    def read(self, indices: np.ndarray) -> None:
        """Reads the same `(T,) int` characters in each text; does nothing if there are none."""
        if len(indices):
            same = np.repeat(indices[None], len(self.logits), axis=0)
            logits, self._states = self._network.run(same, self._states)
            self.logits = logits[:, -1]

    def add(self, indices: np.ndarray) -> None:
        """Appends one character to each text: `(B,) int`."""
        self.logits, self._states = self._network.step(indices, self._states)


def sample_next(logits: np.ndarray, uniform: np.ndarray, settings: WriteSettings) -> np.ndarray:
    """Draws the next character of each text.

    Args:
        logits: `(B, V)` logits of the next character.
        uniform: `(B,)` random numbers in [0, 1).
        settings: temperature, top_k and top_p.

    Returns:
        `(B,) int`; at temperature 0 the likeliest ones.
    """
    if settings.temperature < 1e-3:
        return logits.argmax(-1)
    scaled = logits.astype("float64") / settings.temperature
    weights = np.exp(scaled - scaled.max(-1, keepdims=True))
    if 0 < settings.top_k < weights.shape[1]:
        weights[weights < -np.partition(-weights, settings.top_k - 1)[:, settings.top_k - 1, None]] = 0
    if settings.top_p < 1:
        weights /= weights.sum(-1, keepdims=True)
        descending = -np.sort(-weights)
        likelier = descending.cumsum(-1) - descending  # the probability of all likelier characters
        threshold = np.where(likelier < settings.top_p, descending, np.inf).min(-1)
        weights[weights < threshold[:, None]] = 0
    cumulative = weights.cumsum(-1)
    indices = (cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(-1)
    return np.minimum(indices, logits.shape[1] - 1)


def compute_nats(logits: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Returns the negative log-likelihood of `(B,)` characters under `(B, V)` logits, in nats."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.log(np.exp(shifted).sum(-1)) - shifted[np.arange(len(indices)), indices]


def sample_characters(
    network: AnyNetwork, vocabulary: Vocabulary, settings: WriteSettings
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Generates `settings.count` texts in parallel, without end: yields `(B,) int` characters and their nats.

    Each text has its own random generator, so that the first text does not depend on their number.
    """
    if settings.count < MIN_PARALLEL_TEXTS:
        # Matrix products of so few texts are too small to share: two cores would mostly wait for each other.
        with blas_threads.limit_threads(1):
            yield from _sample_characters(network, vocabulary, settings, range(settings.count))
        return
    parts = np.array_split(np.arange(settings.count), limits.count_cores())
    samplers = [
        _sample_characters(network, vocabulary, settings, part.tolist()) for part in parts if len(part)
    ]
    while True:
        calls = [
            partial(lambda sampler: list(islice(sampler, _PARALLEL_STEPS)), sampler) for sampler in samplers
        ]
        for steps in zip(*blas_threads.run_parallel(calls), strict=True):
            indices, nats = zip(*steps, strict=True)
            yield np.concatenate(indices), np.concatenate(nats)


def _sample_characters(
    network: AnyNetwork,
    vocabulary: Vocabulary,
    settings: WriteSettings,
    texts: Sequence[int],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    is_float32 = settings.precision == "float32"
    sampler = Sampler(network if is_float32 else quantize_network(network, len(texts)), len(texts))
    prompt = vocabulary.encode(settings.prompt).indices
    # An empty prompt starts after a line break.
    prompt = prompt if len(prompt) else np.array([max(vocabulary.characters.find("\n"), 0)])
    sampler.read(prompt)
    generators = [np.random.default_rng([settings.seed, n]) for n in texts]
    while True:
        uniforms = np.stack([generator.random(_RANDOM_BLOCK) for generator in generators])
        for column in range(_RANDOM_BLOCK):
            indices = sample_next(sampler.logits, uniforms[:, column], settings)
            yield indices, compute_nats(sampler.logits, indices)
            sampler.add(indices)


def stop_text(vocabulary: Vocabulary, settings: WriteSettings) -> str:
    """Returns the stop text in characters of the model; "" without one, or if the model lacks a character."""
    encoded = vocabulary.encode(settings.stop)
    return "" if encoded.dropped else vocabulary.decode(encoded.indices)


def _count_stop_prefix(text: str, stop: str) -> int:
    """Returns how many of the last characters may be the beginning of the stop text."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def write(
    network: AnyNetwork, vocabulary: Vocabulary, settings: WriteSettings, progress: Progress | None = None
) -> list[Sample]:
    """Generates `settings.count` texts of at most `settings.chars` characters each.

    Args:
        network: the model.
        vocabulary: characters of the model.
        settings: settings of the sampler.
        progress: receives the prompt and the first text about ten times per second.

    Returns:
        The texts; if the user stopped it, as far as they were generated: at least one character each.
    """
    progress = progress or Progress()
    stop = stop_text(vocabulary, settings)
    indices = np.empty((settings.chars, settings.count), "int32")
    nats = np.empty((settings.chars, settings.count), "float32")
    steps, done, last_report = sample_characters(network, vocabulary, settings), 0, float("-inf")
    try:
        while done < settings.chars:
            indices[done], nats[done] = next(steps)
            done += 1
            if time.monotonic() - last_report >= REPORT_SECONDS or done == settings.chars:
                last_report = time.monotonic()
                first = vocabulary.decode(indices[:done, 0])
                progress.report(done, settings.chars, text=settings.prompt + _strip_stop(first, stop))
                if stop and all(stop in vocabulary.decode(column) for column in indices[:done].T):
                    break
        stopped = False
    except Cancelled:
        stopped = True
    texts = [vocabulary.decode(column) for column in indices[:done].T]
    ends = [_find_end(text, stop) for text in texts]
    return [
        Sample(text[:end], nats[:end, n], done, stopped)
        for n, (text, end) in enumerate(zip(texts, ends, strict=True))
    ]


def _strip_stop(text: str, stop: str) -> str:
    """Returns the text before the stop text, without characters that may begin the stop text."""
    end = _find_end(text, stop)
    return text[:end] if end < len(text) else text[: end - _count_stop_prefix(text, stop)]


def _find_end(text: str, stop: str) -> int:
    position = text.find(stop) if stop else -1
    return len(text) if position < 0 else position
