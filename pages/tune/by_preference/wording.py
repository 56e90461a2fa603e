"""Findings, ranges and settings of a search by preference, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import words
from studio.core.settings import Settings
from studio.tune.by_preference.learned import Line
from studio.tune.by_preference.levels import Grid


def summary(kind: type[Settings], lines: Sequence[Line]) -> str:
    """Returns the findings in one line: "strength about 0.7, stroke 0.5 to 1; look still open"."""
    decided = [f"{kind.term(line.name)} {_likely_range(line)}" for line in lines if not line.open]
    undecided = [kind.term(line.name) for line in lines if line.open]
    if not decided:
        return "Nothing is ruled out yet."
    open_text = f"; {' and '.join(undecided)} still open" if undecided else ""
    return f"So far: {', '.join(decided)}{open_text}."


def ranges(kind: type[Settings], grid: Grid) -> str:
    """Returns the search space: "Varies: strength 0.3 to 1; look dogs, eyes"."""
    parts = []
    for name, values in grid.levels.items():
        is_categorical = isinstance(values[0], str | bool)
        text = (
            ", ".join(map(_value, values))
            if is_categorical
            else f"{_value(values[0])} to {_value(values[-1])}"
        )
        parts.append(f"{kind.term(name)} {text}")
    return f"Varies: {'; '.join(parts)}."


def settings_text(kind: type[Settings], values: Mapping[str, Any]) -> str:
    """Returns settings in words: "strength 0.7, stroke 1.4"."""
    return ", ".join(f"{kind.term(name)} {_value(value)}" for name, value in values.items())


def _likely_range(line: Line) -> str:
    likely = line.likely
    if isinstance(line.values[0], str | bool):
        return " or ".join(map(_value, likely))
    if len(likely) <= max(1, len(line.values) // 8):
        return f"about {_value(line.best)}"
    return f"{_value(min(likely))} to {_value(max(likely))}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return words.choice(value).lower() if isinstance(value, str) else f"{value:.3g}"
