"""Strict JSON for untrusted files: limited depth, no duplicate keys, only finite numbers."""

from __future__ import annotations

import json
import math
from typing import Any

from studio.core.untrusted.refusals import Refused


def parse(text: bytes, most_depth: int) -> Any:
    """Parses a text.

    Args:
        text: UTF-8.
        most_depth: maximum nesting of lists and objects.

    Raises:
        Refused: if it is nested deeper, or is not strict JSON.
    """
    if depth(text) > most_depth:
        raise Refused(f"nested deeper than {most_depth}")
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        raise Refused("not valid JSON") from None


def depth(text: bytes) -> int:
    """Returns the nesting depth of lists and objects, without parsing the text."""
    level = deepest = 0
    quoted = escaped = False
    for byte in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate keys")
    if any("\0" in part for pair in pairs for part in pair if isinstance(part, str)):
        raise ValueError("a NUL character")
    return result


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value
