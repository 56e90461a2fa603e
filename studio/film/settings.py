"""The settings of painting a film; importing this loads no Keras."""

from __future__ import annotations

from typing import Any, Literal

from studio.core import tasks
from studio.core.pictures import animations
from studio.core.pictures.film_limits import MOST_FPS
from studio.core.pictures.film_span import Span
from studio.core.settings import Settings, setting


class FilmSettings(Settings):
    """Makes every frame of a film anew by another task, always with the same settings."""

    task: str = setting("style.transfer", "What is done with each frame.", max_length=100)
    base: dict[str, Any] = setting({}, "The settings of that.", max_length=100)
    fps: int = setting(
        0,
        "Frames per second; 0 keeps the times of the film.",
        tier="main",
        ge=0,
        le=MOST_FPS,
        label="Frames per second",
    )
    start: float = setting(0.0, "Where in the film it starts.", unit="s", ge=0)
    end: float | None = setting(None, "Where in the film it ends; empty: at its end.", unit="s", gt=0)
    film: Literal["mp4", "webp", "gif"] = setting("mp4", "The kind of file.", tier="main", label="Format")

    @property
    def span(self) -> Span:
        """The part of the film that is read."""
        return Span(self.start, self.end)

    @property
    def looks(self) -> tuple[str, ...]:
        """Those of its frames."""
        frames = self._of_frames()
        return frames.looks if frames else ()

    def decided(self) -> FilmSettings:
        frames = self._of_frames()
        base = frames.decided().model_dump(mode="json") if frames else self.base
        return self.model_copy(update={"base": base})

    def _of_frames(self) -> Settings | None:
        """The settings of the frames; None where they cannot be read."""
        return tasks.settings_of(self.task, self.base)

    def for_ending(self, ending: str) -> FilmSettings:
        """These settings for a file that ends so, which is the kind of its film."""
        return self.model_copy(update={"film": ending}) if ending in animations.KINDS else self
