"""The two halves of the style page: painting in styles, and teaching a network styles of one's own."""

from __future__ import annotations

from pages.jobs import halves
from pages.style import lesson

HALVES = {"paint": "Paint", "teach": "Teach styles"}


def choose() -> str:
    """Lets a person choose between the halves."""
    return halves.choose(
        "style", HALVES, key=lesson.HALF, of=lambda job: "teach" if job.task == lesson.TASK else "paint"
    )
