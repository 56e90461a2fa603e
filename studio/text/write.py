"""The sampler: draws one character at a time from the model's distribution, each at the same cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from studio.core.errors import Cancelled
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.text.numpy_network import Network
from studio.text.quantized import Quantized
from studio.text.settings import WriteSettings
from studio.text.vocabulary import Vocabulary

REPORT_SECONDS = 0.1
LEAST_SHARED = 8  # texts; fewer are not worth a core each
_BLOCK = 1024  # random numbers drawn at once
_SHARED_STEPS = 16  # that each core makes before the texts come together


@dataclass(frozen=True)
class Piece:
    """A written character.

    Attributes:
        text: the character.
        nats: how surprised the model was by it: -log of its chance at temperature 1, with all allowed.
    """

    text: str
    nats: float


@dataclass(frozen=True)
class Written:
    """A written text, without its beginning.

    Attributes:
        text: the characters.
        nats: `(len(text),) float32`, the model's negative log-likelihood by each.
        drawn: how many characters were, its stop text and what came after it included.
        stopped_early: whether a user stopped it here.
    """

    text: str
    nats: np.ndarray
    drawn: int
    stopped_early: bool = False


class Sampler:
    """Holds where a model is in one or many texts, so that a character never reads those before it again.

    Args:
        network: the model.
        batch: how many texts are written side by side.
    """

    def __init__(self, network: Network | Quantized, batch: int = 1):
        self._network, self._states = network, network.states(batch)
        self.logits = np.zeros((batch, network.size), "float32")

    def read(self, indices: np.ndarray) -> None:
        """Reads `(T,) int` characters, the same in each text; of none nothing changes."""
        if len(indices):
            same = np.repeat(indices[None], len(self.logits), axis=0)
            logits, self._states = self._network.run(same, self._states)
            self.logits = logits[:, -1]

    def add(self, indices: np.ndarray) -> None:
        """Writes one character in each text: `(B,) int`."""
        self.logits, self._states = self._network.step(indices, self._states)


def choose(logits: np.ndarray, uniform: np.ndarray, settings: WriteSettings) -> np.ndarray:
    """Draws the next character of each text.

    Args:
        logits: `(B, V)`, what the model expects.
        uniform: `(B,)` random numbers in [0, 1).
        settings: temperature, top_k and top_p.

    Returns:
        `(B,) int`. At temperature 0 the likeliest, whatever the rest.
    """
    if settings.temperature < 1e-3:
        return logits.argmax(-1)
    scaled = logits.astype("float64") / settings.temperature
    chances = np.exp(scaled - scaled.max(-1, keepdims=True))
    if 0 < settings.top_k < chances.shape[1]:
        chances[chances < -np.partition(-chances, settings.top_k - 1)[:, settings.top_k - 1, None]] = 0
    if settings.top_p < 1:
        chances /= chances.sum(-1, keepdims=True)
        falling = -np.sort(-chances)
        before = falling.cumsum(-1) - falling  # the chance of all that are likelier
        least = np.where(before < settings.top_p, falling, np.inf).min(-1)
        chances[chances < least[:, None]] = 0
    reached = chances.cumsum(-1)
    drawn = (reached <= uniform[:, None] * reached[:, -1:]).sum(-1)
    return np.minimum(drawn, logits.shape[1] - 1)


def nats_of(logits: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The negative log-likelihood of `(B,)` characters under `(B, V)` logits, in nats."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.log(np.exp(shifted).sum(-1)) - shifted[np.arange(len(indices)), indices]


def draws(
    network: Network, vocabulary: Vocabulary, settings: WriteSettings
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Writes `settings.count` texts side by side, without end: `(B,) int` characters and their nats.

    Each text has a generator of its own, so that the first of many is the one that stands alone.
    """
    if settings.count < LEAST_SHARED:
        # The products of so few texts are too small to share: two cores would mostly wait for each other.
        with blas_threads.limited(1):
            yield from _draws(network, vocabulary, settings, range(settings.count))
        return
    parts = np.array_split(np.arange(settings.count), blas_threads.count())
    groups = [_draws(network, vocabulary, settings, part.tolist()) for part in parts if len(part)]
    while True:
        works = [partial(lambda group: list(islice(group, _SHARED_STEPS)), group) for group in groups]
        for steps in zip(*blas_threads.side_by_side(works), strict=True):
            indices, nats = zip(*steps, strict=True)
            yield np.concatenate(indices), np.concatenate(nats)


def _draws(
    network: Network,
    vocabulary: Vocabulary,
    settings: WriteSettings,
    texts: Sequence[int],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    whole = settings.precision == "float32"
    sampler = Sampler(network if whole else Quantized(network, len(texts)), len(texts))
    begin = vocabulary.encode(settings.prompt).indices
    # A text that begins with nothing begins after the end of a line.
    begin = begin if len(begin) else np.array([max(vocabulary.characters.find("\n"), 0)])
    sampler.read(begin)
    generators = [np.random.default_rng([settings.seed, n]) for n in texts]
    while True:
        uniforms = np.stack([generator.random(_BLOCK) for generator in generators])
        for column in range(_BLOCK):
            indices = choose(sampler.logits, uniforms[:, column], settings)
            yield indices, nats_of(sampler.logits, indices)
            sampler.add(indices)


def stream(network: Network, vocabulary: Vocabulary, settings: WriteSettings) -> Iterator[Piece]:
    """Writes one text, character by character, as they are drawn.

    Where there is a stop text, what may be its beginning waits until that is decided.

    Args:
        settings: of which `count` is taken as 1.
    """
    drawn = draws(network, vocabulary, settings.model_copy(update={"count": 1}))
    stop = stop_text(vocabulary, settings)
    waiting: list[Piece] = []
    for _, (index, nats) in zip(range(settings.chars), drawn, strict=False):
        waiting.append(Piece(vocabulary.characters[int(index[0])], float(nats[0])))
        held = "".join(piece.text for piece in waiting)
        if stop and held.endswith(stop):
            yield from waiting[: -len(stop)]
            return
        free = len(waiting) - _held(held, stop)
        yield from waiting[:free]
        del waiting[:free]
    yield from waiting


def stop_text(vocabulary: Vocabulary, settings: WriteSettings) -> str:
    """What ends a text, in characters of the model; "" for nothing, or if it never writes one of these."""
    read = vocabulary.encode(settings.stop)
    return "" if read.dropped else vocabulary.decode(read.indices)


def _held(text: str, stop: str) -> int:
    """How many of the last characters may be the beginning of the stop text."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def write(
    network: Network, vocabulary: Vocabulary, settings: WriteSettings, progress: Progress | None = None
) -> list[Written]:
    """Writes `settings.count` texts of at most `settings.chars` characters each.

    Args:
        progress: shown the first text as it grows, its beginning included, about ten times a second.

    Returns:
        The texts; if a user stopped it, as far as they were: at least one character each.
    """
    progress = progress or Progress()
    stop = stop_text(vocabulary, settings)
    indices = np.empty((settings.chars, settings.count), "int32")
    nats = np.empty((settings.chars, settings.count), "float32")
    drawn, done, told = draws(network, vocabulary, settings), 0, float("-inf")
    try:
        while done < settings.chars:
            indices[done], nats[done] = next(drawn)
            done += 1
            if time.monotonic() - told >= REPORT_SECONDS or done == settings.chars:
                told = time.monotonic()
                first = vocabulary.decode(indices[:done, 0])
                progress.report(done, settings.chars, text=settings.prompt + _sure(first, stop))
                if stop and all(stop in vocabulary.decode(one) for one in indices[:done].T):
                    break
        stopped = False
    except Cancelled:
        stopped = True
    texts = [vocabulary.decode(column) for column in indices[:done].T]
    ends = [_end(text, stop) for text in texts]
    return [
        Written(text[:end], nats[:end, n], done, stopped)
        for n, (text, end) in enumerate(zip(texts, ends, strict=True))
    ]


def _sure(text: str, stop: str) -> str:
    """What no later character takes back: all before the stop text and what may be its beginning."""
    end = _end(text, stop)
    return text[:end] if end < len(text) else text[: end - _held(text, stop)]


def _end(text: str, stop: str) -> int:
    found = text.find(stop) if stop else -1
    return len(text) if found < 0 else found
