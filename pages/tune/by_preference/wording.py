"""What a search by preference has learned, and its settings, in a user's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import words
from studio.core.settings import Settings
from studio.tune.by_preference.learned import Line
from studio.tune.by_preference.levels import Grid


def learned(kind: type[Settings], lines: Sequence[Line]) -> str:
    """One line: "strength about 0.7, stroke 0.5 to 1; look still open"."""
    told = [f"{kind.term(line.name)} {_where(line)}" for line in lines if not line.open]
    still = [kind.term(line.name) for line in lines if line.open]
    if not told:
        return "Nothing is ruled out yet."
    left = f"; {' and '.join(still)} still open" if still else ""
    return f"So far: {', '.join(told)}{left}."


def ranges(kind: type[Settings], grid: Grid) -> str:
    """What varies and how far: "Varies: strength 0.3 to 1; look dogs, eyes"."""
    told = []
    for name, values in grid.levels.items():
        words_ = isinstance(values[0], str | bool)
        far = ", ".join(map(_value, values)) if words_ else f"{_value(values[0])} to {_value(values[-1])}"
        told.append(f"{kind.term(name)} {far}")
    return f"Varies: {'; '.join(told)}."


def point(kind: type[Settings], values: Mapping[str, Any]) -> str:
    """Settings as a user reads them: "strength 0.7, stroke 1.4"."""
    return ", ".join(f"{kind.term(name)} {_value(value)}" for name, value in values.items())


def _where(line: Line) -> str:
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
