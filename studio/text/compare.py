"""Which of two language models expected a text more: character by character, sentence by sentence, in all.

The difference of two surprises is the logarithm of a likelihood ratio, as in Mosteller and Wallace 1963,
"Inference in an Authorship Problem"; there of words, here of characters. Only characters that both language
models read as the same one count, so that neither gains or loses by its alphabet.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.core.data import corpus
from studio.core.errors import invalid
from studio.core.progress import Progress
from studio.text.language_model import LanguageModel
from studio.text.nll import Heard, hear

MOST_CHARS = 20_000
LEVEL = 0.05  # of the test of one passage, and the false discovery rate of many
LEAST_WORDS = 4  # fewer say nothing of how much it changes from word to word
# nats per character above a language model's usual ones, from which on a text is nothing like its own
STRANGE = 1.0
_SHORTEST = 12  # characters of a sentence; "Mr." is no sentence
_END = re.compile(r"[.!?…]+[\"'’”»)\]]*(?=\s)|\n\s*\n")


@dataclass(frozen=True)
class Lean:
    """How much more one language model expected a passage than the other.

    Attributes:
        nats: a character, of the second language model less the first: above 0 the first expected it more.
        interval: in which its mean lies (95 %), by how it changes from word to word; None for too few words.
        p: of a mean as far from 0 by chance, two-sided; 1 for too few words.
        most_p: up to which `p` counts as no chance: less where it is one of many passages.
    """

    nats: float
    interval: tuple[float, float] | None = None
    p: float = 1.0
    most_p: float = LEVEL

    @property
    def side(self) -> int | None:
        """Which language model expected it more, 0 or 1; None where that may be chance."""
        return int(self.nats < 0) if self.p <= self.most_p else None


@dataclass(frozen=True)
class Passage:
    """A sentence: where it stands, both surprises in nats per character, and which way it leans."""

    start: int
    end: int
    nats: tuple[float, float]
    lean: Lean


@dataclass(frozen=True)
class Compared:
    """A text as two language models read it.

    Attributes:
        text: what was read.
        nats: `(2, len(text)) float32`, how surprised each language model was; NaN where a character does not
            count.
        whole: of all that counts.
        sentences: in their order, those without a character that counts left out.
        notes: sentences on what was cut, replaced or left out.
    """

    text: str
    nats: np.ndarray
    whole: Passage
    sentences: tuple[Passage, ...]
    notes: tuple[str, ...]


def compare(
    first: LanguageModel,
    second: LanguageModel,
    text: str,
    progress: Progress | None = None,
    offset: float = 0.0,
) -> Compared:
    """Reads a text with two language models.

    Args:
        first, second: the language models.
        text: its lines ended by `\\n`; what is more than `MOST_CHARS` is left out.
        progress: told how far each reading is.
        offset: nats per character by which the second is worse than the first on texts of their own kinds; a
            lead of so much says that the first is the better model, not that the text is more like it.

    Raises:
        InvalidInput: if there is no character that both know.
        Cancelled: if a user asked to stop.
    """
    read = text[:MOST_CHARS]
    heard = [hear(spoken, read, progress) for spoken in (first, second)]
    counts = np.array([_same(heard, character) for character in read], bool)
    if not counts.any():
        expected, step = (
            "a text with characters that both language models know",
            "or choose other language models",
        )
        raise invalid("text", expected=expected, received="no character that both know", next_step=step)
    nats = np.stack([np.where(counts, one.nats, np.nan) for one in heard])
    words = np.cumsum([before.isspace() for before in " " + read[:-1]])
    passages = [_passage(nats, words, start, end, offset) for start, end in sentences(read)]
    whole = _passage(nats, words, 0, len(read), offset)
    assert whole is not None
    found = corrected([one for one in passages if one is not None])
    return Compared(read, nats, whole, found, tuple(_notes(text, heard)))


def _same(heard: Sequence[Heard], character: str) -> bool:
    one, other = (each.read_as[character] for each in heard)
    return one == other != ""


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a text begin and end: at its marks, and where a line is left empty."""
    start = 0
    for end in [*(mark.end() for mark in _END.finditer(text)), len(text)]:
        said = text[start:end]
        if len(said.strip()) >= _SHORTEST or end == len(text):
            if said.strip():
                yield start + len(said) - len(said.lstrip()), end
            start = end


def corrected(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Passages of which, of those that lean to a language model, at most 5 % are expected to do so by chance.

    Tested one by one, 5 of 100 neutral sentences would lean.

    Reference:
        Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    p = np.sort([one.lean.p for one in passages])
    lines = LEVEL * np.arange(1, len(p) + 1) / max(1, len(p))
    below = np.flatnonzero(p <= lines)
    most = float(lines[below[-1]]) if len(below) else 0.0
    return tuple(replace(one, lean=replace(one.lean, most_p=most)) for one in passages)


def _passage(nats: np.ndarray, words: np.ndarray, start: int, end: int, offset: float) -> Passage | None:
    here = start + np.flatnonzero(np.isfinite(nats[0, start:end]))
    if not len(here):
        return None
    one, other = nats[:, here].astype("float64")
    return Passage(
        start, end, (float(one.mean()), float(other.mean())), lean(other - one - offset, words[here])
    )


def lean(ahead: np.ndarray, words: np.ndarray) -> Lean:
    """The mean of `(n,)` differences in nats, and how sure it is.

    Characters of a word hang together, so what varies freely is taken to be the word: the interval is that of
    Student for clusters.

    Args:
        ahead: of each character, the negative log-likelihood of the second language model less that of the
            first.
        words: `(n,) int`, the word that it stands in.
    """
    from scipy.special import stdtr, stdtrit

    mean = float(ahead.mean())
    _, places = np.unique(words, return_inverse=True)
    count = int(places.max()) + 1
    if count < LEAST_WORDS:
        return Lean(mean)
    off = np.bincount(places, ahead - mean)
    error = math.sqrt(count / (count - 1) * float(off @ off)) / len(ahead)
    reach = float(stdtrit(count - 1, 0.975)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error)) if error else float(mean == 0)
    return Lean(mean, (mean - reach, mean + reach), p)


def _notes(text: str, heard: Sequence[Heard]) -> Iterator[str]:
    if len(text) > MOST_CHARS:
        yield f"Only the first {MOST_CHARS:,} of {len(text):,} characters were read."
    read = text[:MOST_CHARS]
    apart: Mapping[str, Any] = {one: _same(heard, one) for one in sorted(set(read))}
    if odd := [one for one, same in apart.items() if not same]:
        count = sum(map(read.count, odd))
        which = " ".join(map(corpus.shown, odd[:40]))
        yield (f"{count:,} characters count for neither, because not both models know them: {which}.")
    alike = {one: heard[0].read_as[one] for one, same in apart.items() if same}
    if replaced := [f"{corpus.shown(a)} as {corpus.shown(b)}" for a, b in alike.items() if a != b]:
        yield f"Both language models read {', '.join(replaced[:40])}."
