"""Strict JSON for untrusted files: limited depth and size, no duplicate keys, only finite numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from studio.core.untrusted.refusals import Refused

MAX_VALUES = 500_000  # of a text; a value takes up to 200 bytes in Python, a text of a few MB up to a GB
_QUOTE, _COMMA = ord('"'), ord(",")
_CHUNK_BYTES = 1 << 20  # measured at once, which takes 10 MB of memory
_LEVEL_CHANGES = np.zeros(256, "int32")  # of the depth, by byte
_LEVEL_CHANGES[list(b"[{")], _LEVEL_CHANGES[list(b"]}")] = 1, -1


def parse(text: bytes, max_depth: int, max_values: int = MAX_VALUES) -> Any:
    """Parses a text as strict JSON.

    Args:
        text: UTF-8.
        max_depth: maximum nesting of lists and objects.
        max_values: maximum number of values, counted as in `measure`.

    Raises:
        Refused: if it is nested deeper, has more values, or is not strict JSON.
    """
    depth, values = measure(text)
    if depth > max_depth:
        raise Refused(f"nested deeper than {max_depth}")
    if values > max_values:
        raise Refused(f"more than {max_values:,} values")
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_build_object,
            parse_constant=_refuse_constant,
            parse_float=_parse_finite_float,
        )
    except (ValueError, RecursionError):
        raise Refused("not valid JSON") from None


def measure(text: bytes) -> tuple[int, int]:
    """Measures a JSON text without parsing it.

    Returns:
        The nesting depth of lists and objects, and a number that no parser's count of values exceeds: that
        of commas, lists and objects, and one.
    """
    # Backslashes are only valid in strings. Without escapes, each quote begins or ends a string.
    codes = np.frombuffer(text.replace(rb"\\", b"").replace(rb"\"", b""), "uint8")
    level = depth = 0
    values, in_string = 1, False
    for start in range(0, len(codes), _CHUNK_BYTES):
        chunk = codes[start : start + _CHUNK_BYTES]
        is_quoted = np.logical_xor.accumulate(chunk == _QUOTE) ^ in_string
        changes = np.where(is_quoted, 0, _LEVEL_CHANGES[chunk])
        levels = level + np.cumsum(changes, dtype="int64")
        values += int((changes > 0).sum() + ((chunk == _COMMA) & ~is_quoted).sum())
        depth = max(depth, int(levels.max()))
        level, in_string = int(levels[-1]), bool(is_quoted[-1])
    return depth, values


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Builds the dictionary of an object from its pairs. Raises `ValueError` for duplicate keys and NULs."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate keys")
    if any("\0" in part for pair in pairs for part in pair if isinstance(part, str)):
        raise ValueError("a NUL character")
    return result


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _parse_finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value
