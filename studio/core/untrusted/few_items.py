"""Limits the items of pydantic fields that a request or an untrusted file fills.

Use `FailFast()` and `max_length` for lists. Without `FailFast()`, pydantic keeps an error for each wrong
item: those of one megabyte take a gigabyte. `AtMost` counts the items of an object before their validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True)
class AtMost:
    """Annotates a field: an object has at most `count` items, counted before they are validated."""

    count: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Returns the schema of the field, after this check."""
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def _check(self, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > self.count:
            raise PydanticCustomError("too_long", "at most {max_length} items", {"max_length": self.count})
        return value
