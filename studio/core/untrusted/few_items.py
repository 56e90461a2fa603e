"""Limits the items of pydantic fields that a request or an untrusted file fills.

Use `FailFast()` and `max_length` for lists. Without `FailFast()`, pydantic keeps an error for each wrong
item: those of one megabyte take a gigabyte. `at_most` counts the items of an object before their validation.
"""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError


def at_most(count: int) -> BeforeValidator:
    """Annotates a field: an object has at most `count` items, counted before they are validated."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > count:
            raise PydanticCustomError("too_long", "at most {max_length} items", {"max_length": count})
        return value

    return BeforeValidator(check)
