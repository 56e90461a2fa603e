"""The two halves of the playground: a photo, and points in the plane."""

from __future__ import annotations

from collections.abc import Mapping

from pages.jobs import halves
from pages.playground import points
from studio.core.settings import Settings
from studio.playground.settings import ClassificationSettings, PlaygroundSettings

HALVES = {"photo": "A photo", "points": "2-D data"}
_KEY = "learn"
_PAGE = "playground_photo.py"
_SETTINGS: Mapping[str, type[Settings]] = {"photo": PlaygroundSettings, "points": ClassificationSettings}


def choose() -> str:
    """Lets the user choose a half. Returns its name."""
    return halves.choose(
        "playground",
        HALVES,
        key=_KEY,
        half_of=lambda job: "points" if job.task == points.TASK else "photo",
        on_change=lambda half: halves.reopen(_PAGE, half, _SETTINGS),
    )
