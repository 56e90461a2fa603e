"""The questions, read from `questions.toml`; add new ones there."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pages.widgets import words

_FILE = Path(__file__).with_suffix(".toml")
MAX_QUERY_CHARACTERS = 200
PARAMETER = "question"  # of the address: the name of the question that led to the page


@dataclass(frozen=True)
class Topic:
    """One question.

    Attributes:
        question, answer: one to three sentences each.
        page: address of the page that shows the answer; None while no page does.
        settings: settings of the page's task, by name.
        opens: other query parameters of the page.
        advice: which setting to change there, and which chart or image to watch.
    """

    question: str
    answer: str
    page: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    opens: Mapping[str, str] = field(default_factory=dict)
    advice: str = ""

    @property
    def name(self) -> str:
        """The question as a parameter: "What does depth do?" -> "what-does-depth-do"."""
        return re.sub(r"[^a-z0-9]+", "-", self.question.lower()).strip("-")

    @property
    def address(self) -> dict[str, str]:
        """The query parameters of the page, with choices by the labels that its widgets show."""
        settings = {name: _format_parameter(value) for name, value in self.settings.items()}
        return settings | dict(self.opens) | {PARAMETER: self.name}

    def matches(self, query: str) -> bool:
        """Returns whether the topic contains all words of a query, in any order and case.

        Only the first MAX_QUERY_CHARACTERS characters of the query count.
        """
        text = f"{self.question} {self.answer} {self.advice}".lower()
        return all(word in text for word in query[:MAX_QUERY_CHARACTERS].lower().split())


def _format_parameter(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return words.choice_label(value) if isinstance(value, str) else f"{value:g}"


@functools.cache
def load_subjects() -> dict[str, tuple[Topic, ...]]:
    """Returns the questions of each subject, in display order."""
    entries = tomllib.loads(_FILE.read_text("utf-8"))["subject"]
    return {entry["name"]: tuple(Topic(**topic) for topic in entry["topic"]) for entry in entries}


def list_topics() -> list[Topic]:
    """Returns the questions of all subjects."""
    return [topic for topics in load_subjects().values() for topic in topics]
