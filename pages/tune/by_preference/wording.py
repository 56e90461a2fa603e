"""Findings, ranges and settings of a search by preference, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import words
from studio.core.settings import Settings
from studio.tune.by_preference.levels import Grid
from studio.tune.by_preference.posteriors import SettingPosterior


def describe_findings(kind: type[Settings], lines: Sequence[SettingPosterior]) -> str:
    """Returns the findings in one line: "strength about 0.7, stroke 0.5 to 1; look still open"."""
    decided = [
        f"{kind.inline_label(line.name)} {_describe_likely_range(line)}" for line in lines if not line.is_open
    ]
    undecided = [kind.inline_label(line.name) for line in lines if line.is_open]
    if not decided:
        return "Nothing is ruled out yet."
    open_text = f"; {' and '.join(undecided)} still open" if undecided else ""
    return f"So far: {', '.join(decided)}{open_text}."


def describe_ranges(kind: type[Settings], grid: Grid) -> str:
    """Returns the search space: "Varies: strength 0.3 to 1; look dogs, eyes"."""
    parts = []
    for name, values in grid.levels.items():
        is_categorical = isinstance(values[0], str | bool)
        text = (
            ", ".join(map(_format_value, values))
            if is_categorical
            else f"{_format_value(values[0])} to {_format_value(values[-1])}"
        )
        parts.append(f"{kind.inline_label(name)} {text}")
    return f"Varies: {'; '.join(parts)}."


def describe_settings(kind: type[Settings], values: Mapping[str, Any]) -> str:
    """Returns settings in words: "strength 0.7, stroke 1.4"."""
    return ", ".join(f"{kind.inline_label(name)} {_format_value(value)}" for name, value in values.items())


def _describe_likely_range(line: SettingPosterior) -> str:
    likely = line.likely_values
    if isinstance(line.values[0], str | bool):
        return " or ".join(map(_format_value, likely))
    if len(likely) <= max(1, len(line.values) // 8):
        return f"about {_format_value(line.best)}"
    return f"{_format_value(min(likely))} to {_format_value(max(likely))}"


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return words.choice_label(value).lower() if isinstance(value, str) else f"{value:.3g}"
