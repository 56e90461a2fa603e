"""The two halves of the playground: a photo, and points in the plane."""

from __future__ import annotations

from pages.form import forms
from pages.jobs import halves
from pages.playground import points
from studio.playground.settings import ClassificationSettings, PlaygroundSettings

HALVES = {"photo": "A photo", "points": "2-D data"}
_KEY = "learn"
_PAGE = "playground_photo.py"


def choose() -> str:
    """Lets the user choose a half. Returns its name."""
    return halves.choose(
        "playground",
        HALVES,
        key=_KEY,
        half_of=lambda job: "points" if job.task == points.TASK else "photo",
        on_change=_switch_half,
    )


def _switch_half(half: str) -> None:
    """Opens a half with its own settings, because both share the names of most settings."""
    photo_class, points_class = PlaygroundSettings, ClassificationSettings
    forms.reset_common_fields(
        *((points_class, photo_class) if half == "points" else (photo_class, points_class))
    )
    halves.reopen(_PAGE)
