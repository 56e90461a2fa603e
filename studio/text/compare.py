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

MAX_CHARS = 20_000
SIGNIFICANCE = 0.05  # significance level of one passage, and false discovery rate of several
MIN_WORDS = 4  # with fewer, the variance between words is unknown
# Nats per character above a model's own held-out loss, up to which a text is like its training text.
MAX_EXCESS_NATS = 1.0
_SHORTEST_SENTENCE = 12  # characters of a sentence; "Mr." is not a sentence
_SENTENCE_END = re.compile(r"[.!?…]+[\"'’”»)\]]*(?=\s)|\n\s*\n")


@dataclass(frozen=True)
class Lead:
    """How much likelier a passage is under one language model than under the other.

    Attributes:
        nats: nats per character of the second model minus those of the first: above 0, the first is ahead.
        interval: 95% confidence interval of `nats` from the variance between words; None for too few words.
        p: two-sided p-value; 1 for too few words.
        max_p: highest `p` that is significant: lower for one of several passages.
    """

    nats: float
    interval: tuple[float, float] | None = None
    p: float = 1.0
    max_p: float = SIGNIFICANCE

    @property
    def side(self) -> int | None:
        """Returns which language model is significantly ahead, 0 or 1, or None for neither."""
        return int(self.nats < 0) if self.p <= self.max_p else None


@dataclass(frozen=True)
class Passage:
    """A sentence: its start and end, both losses in nats per character, and the comparison of these."""

    start: int
    end: int
    nats: tuple[float, float]
    lead: Lead


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
        text: the text; its lines end with `\\n`. All after `MAX_CHARS` characters is cut.
        progress: receives reports of each reading.
        offset: held-out loss of the second model minus that of the first, in nats per character. It is
            subtracted, because so much of a lead shows a better model rather than a more similar text.

    Raises:
        InvalidInput: if both models know none of the characters.
        Cancelled: if the user stopped it.
    """
    shortened = text[:MAX_CHARS]
    model_nlls = [compute_nlls(model, shortened, progress) for model in (first, second)]
    counts = np.array([_is_shared(model_nlls, character) for character in shortened], bool)
    if not counts.any():
        expected, step = (
            "a text with characters that both language models know",
            "or choose other language models",
        )
        raise invalid("text", expected=expected, received="no character that both know", next_step=step)
    nats = np.stack([np.where(counts, nlls.nats, np.nan) for nlls in model_nlls])
    words = np.cumsum([before.isspace() for before in " " + shortened[:-1]])
    passages = [
        _compare_passage(nats, words, start, end, offset) for start, end in split_sentences(shortened)
    ]
    overall = _compare_passage(nats, words, 0, len(shortened), offset)
    assert overall is not None
    significant = control_false_discoveries([passage for passage in passages if passage is not None])
    return Comparison(shortened, nats, overall, significant, tuple(_list_notes(text, model_nlls)))


def _is_shared(model_nlls: Sequence[CharacterNlls], character: str) -> bool:
    """Returns whether both language models read a character as the same one."""
    first, second = (nlls.read_as[character] for nlls in model_nlls)
    return first == second != ""


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and end of each sentence, which ends at a punctuation mark or an empty line."""
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        sentence = text[start:end]
        if len(sentence.strip()) >= _SHORTEST_SENTENCE or end == len(text):
            if sentence.strip():
                yield start + len(sentence) - len(sentence.lstrip()), end
            start = end


def control_false_discoveries(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Sets `max_p` so that at most 5% of the significant passages are expected to be false discoveries.

    Without this, 5 of 100 neutral sentences would be significant.

    Reference:
        Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    p = np.sort([passage.lead.p for passage in passages])
    thresholds = SIGNIFICANCE * np.arange(1, len(p) + 1) / max(1, len(p))
    below = np.flatnonzero(p <= thresholds)
    max_p = float(thresholds[below[-1]]) if len(below) else 0.0
    return tuple(replace(passage, lead=replace(passage.lead, max_p=max_p)) for passage in passages)


def _compare_passage(
    nats: np.ndarray, words: np.ndarray, start: int, end: int, offset: float
) -> Passage | None:
    counted = start + np.flatnonzero(np.isfinite(nats[0, start:end]))
    if not len(counted):
        return None
    first_nats, second_nats = nats[:, counted].astype("float64")
    return Passage(
        start,
        end,
        (float(first_nats.mean()), float(second_nats.mean())),
        compute_lead(second_nats - first_nats - offset, words[counted]),
    )


def compute_lead(differences: np.ndarray, words: np.ndarray) -> Lead:
    """Computes the mean of differences in nats, its confidence interval and p-value.

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
    if count < MIN_WORDS:
        return Lead(mean)
    word_sums = np.bincount(word_index, differences - mean)
    error = math.sqrt(count / (count - 1) * float(word_sums @ word_sums)) / len(differences)
    margin = float(stdtrit(count - 1, 0.975)) * error
    p = 2 * float(stdtr(count - 1, -abs(mean) / error)) if error else float(mean == 0)
    return Lead(mean, (mean - margin, mean + margin), p)


def _list_notes(text: str, model_nlls: Sequence[CharacterNlls]) -> Iterator[str]:
    if len(text) > MAX_CHARS:
        yield f"Only the first {MAX_CHARS:,} of {len(text):,} characters were read."
    shortened = text[:MAX_CHARS]
    is_shared: Mapping[str, Any] = {c: _is_shared(model_nlls, c) for c in sorted(set(shortened))}
    if skipped := [c for c, shared in is_shared.items() if not shared]:
        count = sum(map(shortened.count, skipped))
        characters = " ".join(map(corpus.describe_character, skipped[:40]))
        yield (f"{count:,} characters count for neither, because not both models know them: {characters}.")
    replacements = {c: model_nlls[0].read_as[c] for c, shared in is_shared.items() if shared}
    if replaced := [
        f"{corpus.describe_character(a)} as {corpus.describe_character(b)}"
        for a, b in replacements.items()
        if a != b
    ]:
        yield f"Both language models read {', '.join(replaced[:40])}."
