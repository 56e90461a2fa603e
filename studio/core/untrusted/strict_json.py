"""JSON of other people: not too deep, no key twice, no number that is none; so that two readers see the
same.
"""

from __future__ import annotations

import json
import math
from typing import Any

from studio.core.untrusted.refusals import Refused


def parsed(text: bytes, most_depth: int) -> Any:
    """What a text says.

    Args:
        text: UTF-8.
        most_depth: of lists and objects in each other.

    Raises:
        Refused: if it is nested deeper, or no such JSON.
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
    """How deep lists and objects lie in each other; nothing is parsed for it."""
    now = deepest = 0
    quoted = escaped = False
    for byte in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            now += 1
            deepest = max(deepest, now)
        elif byte in b"]}":
            now -= 1
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate keys")
    if any("\0" in part for pair in pairs for part in pair if isinstance(part, str)):
        raise ValueError("a NUL character")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value
