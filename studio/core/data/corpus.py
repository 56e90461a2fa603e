"""A file that a user calls a text -> its characters, and what is in them. Light: loads no Keras."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from studio.core import amounts, paths
from studio.core.data import encodings
from studio.core.errors import InvalidInput, invalid, printable

MOST_BYTES = 100 * 10**6
LEAST_CHARS = 64
MOST_CHARACTERS = 6000  # different ones
_NO_TEXTS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or an office document",
    b"\x1f\x8b": "a gzip file",
    b"{\\rtf": "an RTF document",
    b"\x89HDF": "an HDF5 file",
}
_MOST_CONTROL = 0.1  # share of control characters, above which a file is no text


@dataclass(frozen=True)
class Corpus:
    """A text to learn from.

    Attributes:
        text: its characters, lines ended by `\\n`.
        encoding: how its bytes were read, such as "UTF-8", for people.
        notes: what was assumed or changed, each one sentence for people.
    """

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is in a text.

    Attributes:
        chars, lines, words: how many.
        alphabet: its characters with their counts, the most frequent first.
        odd: those that cannot be seen, and rare ones that are neither letters, digits nor usual marks, with
            their counts; often remains of another program, which a model would learn to write too.
        longest_line: in characters.
    """

    chars: int
    lines: int
    words: int
    alphabet: tuple[tuple[str, int], ...]
    odd: tuple[tuple[str, int], ...]
    longest_line: int


def read(data: bytes | Path, encoding: str = encodings.AUTO) -> Corpus:
    """Reads a text.

    Args:
        data: its path or bytes.
        encoding: a name that Python knows; found out unless it is given.

    Raises:
        InvalidInput: if it is empty, too short or too long, no text, or made of one character.
        UnknownEncoding: if its encoding cannot be found out.
    """
    if isinstance(data, Path):
        data = _bytes(data)
    if len(data) > MOST_BYTES:
        raise _too_large()
    if not data:
        raise _refused("a text", "an empty file", "choose another")
    for mark, what in _NO_TEXTS.items():
        if data.startswith(mark):
            raise _refused("plain text", what, "save it as plain text, or choose another")
    text, name, notes = encodings.decode(data, encoding)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain != text:
        notes.append("Windows or old Mac line endings were converted to Unix ones.")
    _check(plain)
    return Corpus(plain, name, tuple(notes))


def _bytes(path: Path) -> bytes:
    try:
        return paths.read(path, MOST_BYTES)
    except paths.TooLarge:
        raise _too_large() from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise _refused(
            "a file that can be read", f"{printable(path.name, 80)}: {reason}", "choose another"
        ) from None


def _too_large() -> InvalidInput:
    return _refused(f"at most {amounts.size(MOST_BYTES)}", "more", "use a part of it")


def _check(text: str) -> None:
    if len(text) < LEAST_CHARS:
        raise _refused(f"at least {LEAST_CHARS} characters", f"{len(text):,}", "choose a longer text")
    if not text.strip():
        raise _refused("a text with visible characters", "only spaces", "choose another text")
    counts = Counter(text)
    control = sum(n for c, n in counts.items() if unicodedata.category(c) == "Cc" and c not in "\n\t\x1b")
    if control > _MOST_CONTROL * len(text):
        raise _refused("plain text", "a binary file", "choose a text file")
    if not 2 <= len(counts) <= MOST_CHARACTERS:
        expected = f"2 to {MOST_CHARACTERS:,} different characters"
        raise _refused(expected, f"{len(counts):,}", "choose another text")


def _refused(expected: str, received: str, step: str) -> InvalidInput:
    return invalid("text", expected=expected, received=received, next_step=step)


def facts(text: str) -> Facts:
    """Counts what is in a text."""
    counts = Counter(text)
    lines = text.split("\n")
    rare = max(3, len(text) // 20_000)
    odd = [(c, n) for c, n in counts.most_common() if _unseen(c) or (n <= rare and _unusual(c))]
    return Facts(
        len(text),
        len(lines),
        len(text.split()),
        tuple(counts.most_common()),
        tuple(odd),
        max(map(len, lines)),
    )


def _unseen(character: str) -> bool:
    """Whether a character steers a terminal or a line instead of standing in it."""
    return unicodedata.category(character)[0] == "C" and character not in "\n\t"


def _unusual(character: str) -> bool:
    """Whether a character is neither a letter, a digit, white space nor on a keyboard."""
    return not character.isascii() and unicodedata.category(character)[0] not in "LNZ"


def shown(character: str) -> str:
    """A character for people: itself, or its name where it cannot be seen."""
    if character.isprintable() and not character.isspace():
        return character
    known = {" ": "space", "\n": "line end", "\t": "tab"}
    return known.get(character) or unicodedata.name(character, f"U+{ord(character):04X}").lower()
