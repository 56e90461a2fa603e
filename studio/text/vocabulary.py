"""The alphabet of a model, and the handling of unknown characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from studio.core.data.corpus import MOST_CHARACTERS
from studio.core.errors import invalid

LEAST, MOST = 2, MOST_CHARACTERS
# What Unicode does not call related, though a reader does.
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": ".", "\t": " "}
)


@dataclass(frozen=True)
class Encoded:
    """A text as numbers.

    Attributes:
        indices: `(n,) int32`.
        replaced: unknown characters and the known ones that stand for them.
        dropped: unknown characters that nothing stands for, left out.
    """

    indices: np.ndarray
    replaced: dict[str, str]
    dropped: str


@dataclass(frozen=True)
class Vocabulary:
    """The characters of a model, each known by its place in `characters`."""

    characters: str

    def __post_init__(self) -> None:
        found, distinct = len(self.characters), len(set(self.characters))
        if not LEAST <= found <= MOST or found != distinct:
            raise invalid(
                "alphabet",
                expected=f"{LEAST} to {MOST:,} different characters",
                received=f"{distinct:,}",
            )

    @classmethod
    def of(cls, text: str) -> Vocabulary:
        """The characters of a text, in the order of their code points."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Encoded:
        """Characters -> numbers; an unknown one becomes one that looks alike, or is left out.

        Lines may end as on any system, where the model does not know it otherwise.
        """
        if "\r" not in self.characters:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        places = {c: n for n, c in enumerate(self.characters)}
        unknown = {c: _alike(c, places) for c in sorted(set(text) - set(places))}
        dropped = "".join(c for c, known in unknown.items() if not known)
        replaced = {c: known for c, known in unknown.items() if known}
        if unknown:
            text = text.translate({ord(c): known for c, known in unknown.items()})
        points = np.frombuffer(text.encode("utf-32-le"), "<u4")
        known = np.frombuffer(self.characters.encode("utf-32-le"), "<u4")
        order = np.argsort(known)
        return Encoded(order[np.searchsorted(known, points, sorter=order)].astype("int32"), replaced, dropped)

    def decode(self, indices: Iterable[int]) -> str:
        """Numbers -> characters."""
        return "".join(self.characters[n] for n in indices)


def _alike(character: str, known: dict[str, int]) -> str:
    """A known character that a reader would take for an unknown one; "" if there is none."""
    plain = unicodedata.normalize("NFKD", character)[:1]
    for one in (character.translate(_ALIKE), plain, character.swapcase(), plain.swapcase()):
        if one in known:
            return one
    return " " if character.isspace() and " " in known else ""
