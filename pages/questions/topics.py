"""The questions as plain data: read from `topics.toml`, which is where one is added."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pages.widgets import words

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Topic:
    """One question.

    Attributes:
        question, answer: a sentence each.
        page: the address of the page that shows the answer; None while none does.
        settings: what is chosen there, as the settings of its task have it.
        opens: what else its address says.
        move: what to turn there, and what to look at.
    """

    question: str
    answer: str
    page: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    opens: Mapping[str, str] = field(default_factory=dict)
    move: str = ""

    @property
    def address(self) -> dict[str, str]:
        """The parameters of the page's address, choices by their names in words as widgets take them."""
        return {name: _told(value) for name, value in self.settings.items()} | dict(self.opens)

    def has(self, wanted: str) -> bool:
        """Whether all words that are looked for stand in it, in any order and case."""
        text = f"{self.question} {self.answer} {self.move}".lower()
        return all(word in text for word in wanted.lower().split())


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return words.choice(value) if isinstance(value, str) else f"{value:g}"


@functools.cache
def subjects() -> dict[str, tuple[Topic, ...]]:
    """The questions of each subject, in the order to show them."""
    found = tomllib.loads(_FILE.read_text("utf-8"))["subject"]
    return {one["name"]: tuple(Topic(**topic) for topic in one["topic"]) for one in found}
