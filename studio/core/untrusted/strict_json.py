"""Strict JSON for untrusted files: limited depth, no duplicate keys, only finite numbers."""

from __future__ import annotations

import json
import math
from typing import Any

from studio.core.untrusted.refusals import Refused


def parse(text: bytes, max_depth: int) -> Any:
    """Parses a text as strict JSON.

    Args:
        text: UTF-8.
        max_depth: maximum nesting of lists and objects.

    Raises:
        Refused: if it is nested deeper, or is not strict JSON.
    """
    if measure_depth(text) > max_depth:
        raise Refused(f"nested deeper than {max_depth}")
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_build_object,
            parse_constant=_refuse_constant,
            parse_float=_parse_finite_float,
        )
    except (ValueError, RecursionError):
        raise Refused("not valid JSON") from None


def measure_depth(text: bytes) -> int:
    """Returns the nesting depth of lists and objects, without parsing the text."""
    level = deepest = 0
    in_string = is_escaped = False
    for byte in text:
        if is_escaped:
            is_escaped = False
        elif in_string:
            is_escaped, in_string = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


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
