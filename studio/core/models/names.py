"""Names of saved models and settings: letters of any script.

A name is also a folder name on any system, and appears in recipes, URLs and commands. Names that differ only
in case or Unicode form are equal.
"""

from __future__ import annotations

import unicodedata

from studio.core.errors import InvalidInput, invalid

MAX_CHARACTERS = 60  # characters
_MAX_BYTES = 200  # file systems allow 255 for a folder name
_SIGNS = " -_.'’()+!&"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in "123456789¹²³")}


def validate(text: str) -> str:
    """Returns a name without invisible characters and extra spaces.

    Args:
        text: user input.

    Raises:
        InvalidInput: if it is not a valid name.
    """
    name = _normalize_text(text)
    if not is_name(name):
        signs = " ".join(_SIGNS.split())
        raise invalid(
            "name",
            expected=f"letters and digits, with spaces or {signs} between, {MAX_CHARACTERS} at most",
            received=name or "nothing",
        )
    return name


def suggest(text: str) -> str:
    """Returns a valid name made from any text, e.g. a file name; "" if nothing is left."""
    spaced_text = "".join(c if _is_letter_or_digit(c) or c in _SIGNS else " " for c in _normalize_text(text))
    try:
        return validate(spaced_text.strip(_SIGNS)[:MAX_CHARACTERS].strip(_SIGNS))
    except InvalidInput:
        return ""


def is_name(text: str) -> bool:
    """Returns whether a text is a valid name without changes."""
    return (
        0 < len(text) <= MAX_CHARACTERS
        and text == _normalize_text(text)
        and all(_is_letter_or_digit(c) or c in _SIGNS for c in text)
        and len(text.encode()) <= _MAX_BYTES
        and _is_letter_or_digit(text[0])
        and text[-1] != "."
        and text.partition(".")[0].strip().casefold() not in _RESERVED
    )


def fold_case(name: str) -> str:
    """Returns the form for comparison: NFC Unicode, case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _normalize_text(text: str) -> str:
    """Returns a text in NFC Unicode without format characters, with single spaces."""
    visible = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def _is_letter_or_digit(character: str) -> bool:
    """Returns whether a character is a letter, a combining mark or a digit."""
    return unicodedata.category(character)[0] in "LMN"
