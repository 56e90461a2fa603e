"""Detects the encoding of a text: by its byte order mark, as UTF-8, or by its script and language."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from studio.core.data import latin_encodings
from studio.core.errors import InvalidInput, invalid, make_printable

AUTO = "auto"
_BYTE_ORDER_MARKS = (  # UTF-32 before UTF-16, whose mark is its prefix
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_JAPANESE_ESCAPES = (b"\x1b$@", b"\x1b$B")  # switch to two bytes per character in ISO-2022-JP
_WESTERN = "cp1252"
_DISPLAY_NAMES = {  # encodings to detect
    _WESTERN: "Windows-1252",
    "cp1250": "Windows-1250 (Central European)",
    "iso8859_2": "ISO 8859-2 (Central European)",
    "mac_roman": "Mac Roman",
    "cp850": "DOS 850",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "koi8_u": "KOI8-U (Cyrillic)",
    "cp866": "DOS 866 (Cyrillic)",
    "iso8859_5": "ISO 8859-5 (Cyrillic)",
    "mac_cyrillic": "Mac Cyrillic",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp949": "EUC-KR (Korean)",
}
_MULTI_BYTE_CODECS = {"gb18030", "big5", "cp932", "euc_jp", "cp949"}
# Slow, or not for texts.
_UNSUPPORTED = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}
_MAX_BROKEN_SHARE = 0.001  # share of invalid bytes up to which a text still counts as UTF-8
_MAX_NON_ASCII_SHARE = 0.15  # share of bytes beyond ASCII; up to it an undetected text counts as Latin
_DETECTION_BYTES = 300_000  # bytes used to detect an encoding


class UnknownEncoding(InvalidInput):
    """Raised for a text whose encoding cannot be detected or is wrong."""


def decode(data: bytes, encoding: str = AUTO) -> tuple[str, str, list[str]]:
    """Decodes a text.

    Args:
        data: bytes of the text.
        encoding: Python name of the encoding, or AUTO to detect it.

    Returns:
        The characters, the name of the encoding for display, and notes about assumptions and losses.

    Raises:
        InvalidInput: if there is no such encoding.
        UnknownEncoding: if the text is not in that encoding, or it cannot be detected.
    """
    if encoding != AUTO:
        return _decode_as(data, encoding), encoding, []
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_strictly(data[len(mark) :], codec, name, len(mark)), name, []
    if b"\0" in data:
        received = f"a NUL byte at {data.index(0):,}"
        raise _unknown_encoding_error(
            "plain text", received, "save it as UTF-8, or give its encoding, such as utf-16-le"
        )
    if any(escape in data for escape in _JAPANESE_ESCAPES):
        # Its bytes are ASCII, so UTF-8 would accept them and train on the escape sequences.
        return _decode_strictly(data, "iso2022_jp", "ISO-2022-JP"), "ISO-2022-JP", []
    try:
        return data.decode("utf-8"), "UTF-8", []
    except UnicodeDecodeError:
        return _decode_damaged_utf8(data) or _detect_and_decode(data)


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding).name
        if codec in _UNSUPPORTED:
            raise LookupError
        return _decode_strictly(data, codec, encoding).removeprefix("\ufeff")
    except (LookupError, ValueError):
        expected, step = "the name of an encoding, such as utf-8, cp1251 or gb18030", "check the spelling"
        printable_name = make_printable(encoding, 60)
        raise invalid("encoding", expected=expected, received=printable_name, next_step=step) from None


def _decode_strictly(data: bytes, codec: str, name: str, offset: int = 0) -> str:
    """Decodes bytes that begin at `offset` of a file. Raises `UnknownEncoding` for invalid bytes."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        received = f"bytes that are not {name} at {error.start + offset:,}"
        step = "save it again as UTF-8, or give another encoding"
        raise _unknown_encoding_error(f"{name} throughout", received, step) from None


def _decode_damaged_utf8(data: bytes) -> tuple[str, str, list[str]] | None:
    """Decodes UTF-8 that has a few invalid bytes, leaving them out; None if there are too many."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    # Valid UTF-8 sequences hardly occur by chance; Latin-1 letters would be invalid bytes.
    if broken <= _MAX_BROKEN_SHARE * len(data) and sum(c > "\x7f" for c in text) > 2 * broken:
        clean = text.replace("\N{REPLACEMENT CHARACTER}", "")
        return clean, "UTF-8", [f"{broken:,} broken characters were left out."]
    return None


def _detect_and_decode(data: bytes) -> tuple[str, str, list[str]]:
    codec = _guess_codec(data[: _find_sample_end(data)])
    if codec is None:
        received = "characters of an unknown encoding"
        raise _unknown_encoding_error("UTF-8", received, "save it as UTF-8, or give its encoding")
    name = _DISPLAY_NAMES[codec]
    if codec == _WESTERN:
        text, name = _decode_western(data)
    else:
        text = _decode_strictly(data, codec, name)
    note = f"The text is not UTF-8, so it was read as {name}; give its encoding if that is wrong."
    return text, name, [note]


def _find_sample_end(data: bytes) -> int:
    """Returns the end of the bytes used for detection: the end of a line, so that no character is cut."""
    if len(data) <= _DETECTION_BYTES:
        return len(data)
    return data.rfind(b"\n", 0, _DETECTION_BYTES) + 1 or len(data)


def _guess_codec(data: bytes) -> str | None:
    """Guesses the encoding with charset-normalizer, and that of a Latin script by its letters.

    Returns None if it is unknown.
    """
    matches = [
        match
        for match in from_bytes(data, cp_isolation=list(_DISPLAY_NAMES))
        if match.coherence
        or match.encoding in _MULTI_BYTE_CODECS  # in single-byte encodings any bytes are valid
    ]
    if not matches:
        non_ascii = sum(byte >= 0x80 for byte in data)
        return latin_encodings.choose(data) if non_ascii < _MAX_NON_ASCII_SHARE * len(data) else None
    codecs_of_best = matches[0].could_be_from_charset  # those that decode to the same characters
    if not set(latin_encodings.CODECS).isdisjoint(codecs_of_best):
        return latin_encodings.choose(data)
    return next((codec for codec in codecs_of_best if codec in _DISPLAY_NAMES), None)


def _decode_western(data: bytes) -> tuple[str, str]:
    """Decodes a Western text. Returns its characters and the name of its encoding."""
    if any(0x80 <= byte < 0xA0 for byte in set(data)):  # control characters in Latin-1
        try:
            return data.decode(_WESTERN), _DISPLAY_NAMES[_WESTERN]
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1"), "Latin-1"


def _unknown_encoding_error(expected: str, received: str, step: str) -> UnknownEncoding:
    return UnknownEncoding(str(invalid("text", expected=expected, received=received, next_step=step)))
