"""Reads text files for training and counts their characters. Does not import Keras."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from studio.core import amounts, paths
from studio.core.data import encodings
from studio.core.errors import InvalidInput, invalid, make_printable

MAX_BYTES = 100 * 10**6
MIN_CHARACTERS = 64
MAX_DISTINCT_CHARACTERS = 6000  # distinct characters
_OTHER_FORMATS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or an office document",
    b"\x1f\x8b": "a gzip file",
    b"{\\rtf": "an RTF document",
    b"\x89HDF": "an HDF5 file",
}
_MAX_CONTROL_SHARE = 0.1  # share of control characters; a file with more is binary


@dataclass(frozen=True)
class Corpus:
    """A text to train on.

    Attributes:
        text: its characters, with `\\n` line endings.
        encoding: encoding of its bytes for display, such as "UTF-8".
        notes: sentences about assumptions and changes, for display.
    """

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Statistics of a text.

    Attributes:
        chars, lines, words: numbers of each.
        alphabet: characters with their counts, the most frequent first.
        unusual: invisible characters, and rare ones that are not letters, digits or ASCII, with their counts.
            They are often artifacts of another program, which a model would learn to generate.
    """

    chars: int
    lines: int
    words: int
    alphabet: tuple[tuple[str, int], ...]
    unusual: tuple[tuple[str, int], ...]


def read(data: bytes | Path, encoding: str = encodings.AUTO) -> Corpus:
    """Reads a text.

    Args:
        data: path or bytes of the text.
        encoding: Python name of its encoding; by default it is detected.

    Raises:
        InvalidInput: if it is empty, too short, too long, not a text, or of a single repeated character.
        UnknownEncoding: if its encoding cannot be detected.
    """
    if isinstance(data, Path):
        data = _read_bytes(data)
    if len(data) > MAX_BYTES:
        raise _size_error()
    if not data:
        raise _invalid_text_error("a text", "an empty file", "choose another")
    for mark, kind in _OTHER_FORMATS.items():
        if data.startswith(mark):
            raise _invalid_text_error("plain text", kind, "save it as plain text, or choose another")
    text, name, notes = encodings.decode(data, encoding)
    unix_text = text.replace("\r\n", "\n").replace("\r", "\n")
    if unix_text != text:
        notes.append("Windows or old Mac line endings were converted to Unix ones.")
    _check_text(unix_text)
    return Corpus(unix_text, name, tuple(notes))


def _read_bytes(path: Path) -> bytes:
    try:
        return paths.read(path, MAX_BYTES)
    except paths.TooLarge:
        raise _size_error() from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise _invalid_text_error(
            "a file that can be read", f"{make_printable(path.name, 80)}: {reason}", "choose another"
        ) from None


def _size_error() -> InvalidInput:
    return _invalid_text_error(f"at most {amounts.format_bytes(MAX_BYTES)}", "more", "use a part of it")


def _check_text(text: str) -> None:
    if len(text) < MIN_CHARACTERS:
        raise _invalid_text_error(
            f"at least {MIN_CHARACTERS} characters",
            f"only {amounts.format_count(len(text), 'character')}",
            "choose a longer text",
        )
    if not text.strip():
        raise _invalid_text_error("a text with visible characters", "only spaces", "choose another text")
    counts = Counter(text)
    control = sum(n for c, n in counts.items() if unicodedata.category(c) == "Cc" and c not in "\n\t\x1b")
    if control > _MAX_CONTROL_SHARE * len(text):
        raise _invalid_text_error("plain text", "a binary file", "choose a text file")
    if not 2 <= len(counts) <= MAX_DISTINCT_CHARACTERS:
        expected = f"2 to {MAX_DISTINCT_CHARACTERS:,} different characters"
        received = amounts.format_count(len(counts), "different character")
        raise _invalid_text_error(expected, received, "choose another text")


def _invalid_text_error(expected: str, received: str, step: str) -> InvalidInput:
    return invalid("text", expected=expected, received=received, next_step=step)


def compute_facts(text: str) -> Facts:
    """Computes the statistics of a text."""
    counts = Counter(text)
    rare = max(3, len(text) // 20_000)
    unusual = [
        (c, n) for c, n in counts.most_common() if _is_invisible(c) or (n <= rare and _is_non_ascii_symbol(c))
    ]
    return Facts(
        len(text),
        text.count("\n") + 1,
        len(text.split()),
        tuple(counts.most_common()),
        tuple(unusual),
    )


def _is_invisible(character: str) -> bool:
    """Returns whether a character is a control or format character other than newline and tab."""
    return unicodedata.category(character)[0] == "C" and character not in "\n\t"


def _is_non_ascii_symbol(character: str) -> bool:
    """Returns whether a character is not a letter, digit, white space or ASCII."""
    return not character.isascii() and unicodedata.category(character)[0] not in "LNZ"


def describe_character(character: str) -> str:
    """Returns a character for display: itself, or its Unicode name if it is invisible."""
    if character.isprintable() and not character.isspace():
        return character
    names = {" ": "space", "\n": "line end", "\t": "tab"}
    return names.get(character) or unicodedata.name(character, f"U+{ord(character):04X}").lower()
