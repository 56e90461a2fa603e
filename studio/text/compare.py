"""Compares the likelihood of a text under two language models: by character, by sentence and overall.

The difference of two negative log-likelihoods is a log likelihood ratio, as in Mosteller and Wallace 1963,
"Inference in an Authorship Problem", there of words, here of characters. Only characters that both language
models read as the same one count, so that neither gains or loses by its vocabulary.
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
from studio.text.nll import CharacterNlls, compute_nlls

MOST_CHARS = 20_000
LEVEL = 0.05  # significance level of one passage, and false discovery rate of several
LEAST_WORDS = 4  # with fewer, the variance between words is unknown
# nats per character above a model's own held-out loss; above that, a text is unlike its training text
STRANGE = 1.0
_SHORTEST = 12  # characters of a sentence; "Mr." is not a sentence
_END = re.compile(r"[.!?…]+[\"'’”»)\]]*(?=\s)|\n\s*\n")


@dataclass(frozen=True)
class Lean:
    """How much likelier a passage is under one language model than under the other.

    Attributes:
        nats: nats per character of the second model minus those of the first: above 0, the first is ahead.
        interval: 95 % confidence interval of `nats` from the variance between words; None for too few words.
        p: two-sided p-value; 1 for too few words.
        most_p: highest `p` that is significant: lower for one of several passages.
    """

    nats: float
    interval: tuple[float, float] | None = None
    p: float = 1.0
    most_p: float = LEVEL

    @property
    def side(self) -> int | None:
        """Returns which language model is significantly ahead, 0 or 1, or None for neither."""
        return int(self.nats < 0) if self.p <= self.most_p else None


@dataclass(frozen=True)
class Passage:
    """A sentence: its start and end, both losses in nats per character, and the comparison of these."""

    start: int
    end: int
    nats: tuple[float, float]
    lean: Lean


@dataclass(frozen=True)
class Comparison:
    """The comparison of two language models on a text.

    Attributes:
        text: the text, without what was cut.
        nats: `(2, len(text)) float32`, negative log-likelihoods; NaN for characters that do not count.
        overall: all characters that count.
        sentences: in order, without those in which no character counts.
        notes: sentences on what was cut, replaced or left out.
    """

    text: str
    nats: np.ndarray
    overall: Passage
    sentences: tuple[Passage, ...]
    notes: tuple[str, ...]


def compare(
    first: LanguageModel,
    second: LanguageModel,
    text: str,
    progress: Progress | None = None,
    offset: float = 0.0,
) -> Comparison:
    """Compares two language models on a text.

    Args:
        first, second: the language models.
        text: the text; its lines end with `\\n`. All after `MOST_CHARS` characters is cut.
        progress: receives reports of each reading.
        offset: held-out loss of the second model minus that of the first, in nats per character. It is
            subtracted, because so much of a lead shows a better model rather than a more similar text.

    Raises:
        InvalidInput: if both models know none of the characters.
        Cancelled: if the user stopped it.
    """
    shortened = text[:MOST_CHARS]
    readings = [compute_nlls(model, shortened, progress) for model in (first, second)]
    counts = np.array([_is_shared(readings, character) for character in shortened], bool)
    if not counts.any():
        expected, step = (
            "a text with characters that both language models know",
            "or choose other language models",
        )
        raise invalid("text", expected=expected, received="no character that both know", next_step=step)
    nats = np.stack([np.where(counts, reading.nats, np.nan) for reading in readings])
    words = np.cumsum([before.isspace() for before in " " + shortened[:-1]])
    passages = [_passage(nats, words, start, end, offset) for start, end in sentences(shortened)]
    overall = _passage(nats, words, 0, len(shortened), offset)
    assert overall is not None
    significant = control_false_discoveries([passage for passage in passages if passage is not None])
    return Comparison(shortened, nats, overall, significant, tuple(_notes(text, readings)))


def _is_shared(readings: Sequence[CharacterNlls], character: str) -> bool:
    first, second = (reading.read_as[character] for reading in readings)
    return first == second != ""


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of each sentence, which ends at a punctuation mark or an empty line."""
    start = 0
    for end in [*(mark.end() for mark in _END.finditer(text)), len(text)]:
        sentence = text[start:end]
        if len(sentence.strip()) >= _SHORTEST or end == len(text):
            if sentence.strip():
                yield start + len(sentence) - len(sentence.lstrip()), end
            start = end


def control_false_discoveries(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Sets `most_p` so that at most 5 % of the significant passages are expected to be false discoveries.

    Without this, 5 of 100 neutral sentences would be significant.

    Reference:
        Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    p = np.sort([passage.lean.p for passage in passages])
    lines = LEVEL * np.arange(1, len(p) + 1) / max(1, len(p))
    below = np.flatnonzero(p <= lines)
    most = float(lines[below[-1]]) if len(below) else 0.0
    return tuple(replace(passage, lean=replace(passage.lean, most_p=most)) for passage in passages)


def _passage(nats: np.ndarray, words: np.ndarray, start: int, end: int, offset: float) -> Passage | None:
    counted = start + np.flatnonzero(np.isfinite(nats[0, start:end]))
    if not len(counted):
        return None
    first_nats, second_nats = nats[:, counted].astype("float64")
    return Passage(
        start,
        end,
        (float(first_nats.mean()), float(second_nats.mean())),
        lean(second_nats - first_nats - offset, words[counted]),
    )


def lean(differences: np.ndarray, words: np.ndarray) -> Lean:
    """Returns the mean of differences in nats, its confidence interval and p-value.

    Characters of a word depend on each other, so words are the clusters of a cluster-robust t-interval.

    Args:
        differences: `(n,)`, for each character, nats under the second language model minus those under the
            first.
        words: `(n,) int`, the word of each character.
    """
    from scipy.special import stdtr, stdtrit

    mean = float(differences.mean())
    _, word_index = np.unique(words, return_inverse=True)
    count = int(word_index.max()) + 1
    if count < LEAST_WORDS:
        return Lean(mean)
    word_sums = np.bincount(word_index, differences - mean)
    error = math.sqrt(count / (count - 1) * float(word_sums @ word_sums)) / len(differences)
    reach = float(stdtrit(count - 1, 0.975)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error)) if error else float(mean == 0)
    return Lean(mean, (mean - reach, mean + reach), p)


def _notes(text: str, readings: Sequence[CharacterNlls]) -> Iterator[str]:
    if len(text) > MOST_CHARS:
        yield f"Only the first {MOST_CHARS:,} of {len(text):,} characters were read."
    shortened = text[:MOST_CHARS]
    is_shared: Mapping[str, Any] = {c: _is_shared(readings, c) for c in sorted(set(shortened))}
    if skipped := [c for c, shared in is_shared.items() if not shared]:
        count = sum(map(shortened.count, skipped))
        characters = " ".join(map(corpus.describe, skipped[:40]))
        yield (f"{count:,} characters count for neither, because not both models know them: {characters}.")
    replacements = {c: readings[0].read_as[c] for c, shared in is_shared.items() if shared}
    if replaced := [
        f"{corpus.describe(a)} as {corpus.describe(b)}" for a, b in replacements.items() if a != b
    ]:
        yield f"Both language models read {', '.join(replaced[:40])}."
