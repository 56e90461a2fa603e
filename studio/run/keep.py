"""What was made here, into the gallery with it."""

from __future__ import annotations

from studio.core.errors import StudioError
from studio.core.tasks import Result
from studio.gallery import items
from studio.run import terminal


def in_gallery(result: Result, seconds: float) -> None:
    """Adds a result to the gallery; that it found no room there is told, and nothing else is lost by it."""
    if not result.files or result.recipe is None:
        return
    try:
        items.add(result, seconds)
    except (StudioError, OSError) as error:
        terminal.note(f"It is not in the gallery: {error}")
