"""Tells encodings of Latin scripts apart by the letters of each language.

The same bytes are valid in all of them: 0xB3 is ³ in Windows-1252 and ł in Windows-1250.
"""

from __future__ import annotations

import re
from collections import Counter

_WESTERN = (
    "äöüß",  # German
    "àâæçéèêëîïôœùûüÿ",  # French, and English words from it
    "áéíñóúü",  # Spanish
    "àáâãçéêíóôõúü",  # Portuguese
    "àèéìòù",  # Italian
    "àçèéíïòóúü",  # Catalan
    "åäöéü",  # Swedish, Finnish
    "æøåéòôó",  # Danish, Norwegian
    "áèéëêïíóöü",  # Dutch
    "áðéíóúýþæö",  # Icelandic
)
_CENTRAL_EUROPEAN = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene
)
_TURKISH = ("çğıİöşüâî",)
_WESTERN_CODEC = "cp1252"
# Of encodings with equal scores the first is chosen: Turkish first, because a text of which all letters are
# Turkish or Icelandic is Turkish. Icelandic has á and í, too.
_ALPHABETS = {
    "cp1254": _TURKISH,
    _WESTERN_CODEC: _WESTERN,
    "cp1250": _CENTRAL_EUROPEAN,
    "iso8859_2": _CENTRAL_EUROPEAN,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
}
CODECS = tuple(_ALPHABETS)
_SYMBOLS = frozenset("“”‘’„‚«»‹›–—…·•¿¡ªº°€£§©®™×±²³µ½¼¾†‡\xa0\xad")
_INSIDE_WORDS = frozenset("’·–—\xad")  # symbols that may be between two letters
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


def choose(data: bytes) -> str:
    """Returns the codec in whose decoding most characters are symbols or letters of one language.

    Args:
        data: bytes of a text in one of `CODECS`.
    """
    texts = {codec: data.decode(codec, "replace") for codec in CODECS}
    best = max(CODECS, key=lambda codec: _score(texts[codec], _ALPHABETS[codec]))
    return _WESTERN_CODEC if texts[best] == texts[_WESTERN_CODEC] else best


def _score(text: str, alphabets: tuple[str, ...]) -> int:
    """Returns the number of symbols and of letters of the alphabet that has most of them."""
    counts = Counter(
        text[match.start()]
        for match in _NON_ASCII.finditer(text)
        if _is_plausible(
            text[match.start()],
            text[max(0, match.start() - 1) : match.start()],
            text[match.end() : match.end() + 1],
        )
    )
    symbols = sum(count for character, count in counts.items() if character in _SYMBOLS)
    letters = (
        sum(count for c, count in counts.items() if c in alphabet or c.lower() in alphabet)
        for alphabet in alphabets
    )
    return symbols + max(letters)


def _is_plausible(character: str, before: str, after: str) -> bool:
    """Returns whether a character fits between its neighbors: no capital or quote inside a word."""
    if character.isalpha():
        return not (character.isupper() and before.islower())
    return character in _INSIDE_WORDS or not (before.isalpha() and after.isalpha())
