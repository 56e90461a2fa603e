"""The characters of a language model, and the handling of unknown ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from studio.core.data.corpus import MAX_DISTINCT_CHARACTERS
from studio.core.errors import invalid

MIN_SIZE, MAX_SIZE = 2, MAX_DISTINCT_CHARACTERS
# Characters that look similar but are unrelated in Unicode.
_LOOKALIKES = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": ".", "\t": " "}
)


@dataclass(frozen=True)
class Encoded:
    """A text as indices of characters.

    Attributes:
        indices: `(n,) int32`.
        replaced: unknown characters and the known ones that replace them.
        dropped: unknown characters without a replacement, which are left out.
    """

    indices: np.ndarray
    replaced: dict[str, str]
    dropped: str


@dataclass(frozen=True)
class Vocabulary:
    """The characters of a model; the index of each is its position in `characters`."""

    characters: str

    def __post_init__(self) -> None:
        count, distinct = len(self.characters), len(set(self.characters))
        if not MIN_SIZE <= count <= MAX_SIZE or count != distinct:
            raise invalid(
                "alphabet",
                expected=f"{MIN_SIZE} to {MAX_SIZE:,} different characters",
                received=f"{distinct:,}",
            )

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """Returns the vocabulary of a text, sorted by code point."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Encoded:
        """Converts characters to indices; an unknown one is replaced by a similar one or left out.

        If the model has no "\\r", all line ends become "\\n".
        """
        if "\r" not in self.characters:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        index_of = {c: n for n, c in enumerate(self.characters)}
        replacements = {c: _find_lookalike(c, index_of) for c in sorted(set(text) - set(index_of))}
        dropped = "".join(c for c, similar in replacements.items() if not similar)
        replaced = {c: similar for c, similar in replacements.items() if similar}
        if replacements:
            text = text.translate({ord(c): similar for c, similar in replacements.items()})
        code_points = np.frombuffer(text.encode("utf-32-le"), "<u4")
        vocabulary = np.frombuffer(self.characters.encode("utf-32-le"), "<u4")
        order = np.argsort(vocabulary)
        indices = order[np.searchsorted(vocabulary, code_points, sorter=order)].astype("int32")
        return Encoded(indices, replaced, dropped)

    def decode(self, indices: Iterable[int]) -> str:
        """Converts indices to characters."""
        return "".join(self.characters[n] for n in indices)


def _find_lookalike(character: str, vocabulary: dict[str, int]) -> str:
    """Returns a character of the vocabulary that looks similar to an unknown one, "" if there is none."""
    plain = unicodedata.normalize("NFKD", character)[:1]
    for candidate in (character.translate(_LOOKALIKES), plain, character.swapcase(), plain.swapcase()):
        if candidate in vocabulary:
            return candidate
    return " " if character.isspace() and " " in vocabulary else ""
