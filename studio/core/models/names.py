"""Names that people give to what they keep: letters of any script, as they are typed.

Each is the name of a folder, too, on any system, stands in recipes, addresses and commands, and where two are
told apart neither capitals nor the way in which an accent is written count.
"""

from __future__ import annotations

import unicodedata

from studio.core.errors import InvalidInput, invalid

MOST = 60  # characters
_MOST_BYTES = 200  # of the 255 that a folder's name may have
_SIGNS = " -_.'’()+!&"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in "123456789¹²³")}


def checked(text: str) -> str:
    """The name that a user typed, without what nobody sees in it.

    Raises:
        InvalidInput: if nothing can be called so.
    """
    name = _tidy(text)
    if not is_name(name):
        signs = " ".join(_SIGNS.split())
        raise invalid(
            "name",
            expected=f"letters and digits, with spaces or {signs} between, {MOST} at most",
            received=name or "nothing",
        )
    return name


def suggested(text: str) -> str:
    """A name made of any text, as that of a file; "" if nothing is left."""
    spaced = "".join(c if _is_plain(c) or c in _SIGNS else " " for c in _tidy(text))
    try:
        return checked(spaced.strip(_SIGNS)[:MOST].strip(_SIGNS))
    except InvalidInput:
        return ""


def is_name(text: str) -> bool:
    """Whether something can be called so, just as it stands."""
    return (
        0 < len(text) <= MOST
        and text == _tidy(text)
        and all(_is_plain(c) or c in _SIGNS for c in text)
        and len(text.encode()) <= _MOST_BYTES
        and _is_plain(text[0])
        and text[-1] != "."
        and text.partition(".")[0].strip().casefold() not in _RESERVED
    )


def folded(name: str) -> str:
    """What two spellings of one name have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _tidy(text: str) -> str:
    """In one form of Unicode, without signs that only steer how others are drawn, each space a single one."""
    seen = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


def _is_plain(character: str) -> bool:
    """Whether it is a letter, a mark upon one, or a digit."""
    return unicodedata.category(character)[0] in "LMN"
