"""The settings of applying a task to a video; importing this loads no Keras."""

from __future__ import annotations

from typing import Any, Literal

from studio.core import tasks
from studio.core.imaging import video_codecs, video_encoder
from studio.core.imaging.video_limits import MAX_FPS
from studio.core.imaging.video_span import Span
from studio.core.settings import Settings, setting

# What is blended with the previous frame, by the task of the frames. Other tasks keep the content of frames,
# which changes no more than the input.
BLENDED_BANDS: dict[str, Literal["all", "chroma"]] = {
    "style.transfer": "all",
    "dream.ascend": "all",
    "colorize.apply": "chroma",
}


class VideoSettings(Settings):
    """Applies a task to every frame of a video, with the same settings."""

    task: str = setting(
        "style.transfer", "Task to apply to each frame, such as style.transfer.", max_length=100
    )
    base: dict[str, Any] = setting(
        {}, "Settings of the task that is applied to each frame.", max_length=100, label="Task settings"
    )
    fps: int = setting(
        0,
        "Highest frame rate of the result; lower it to process fewer frames, 0 keeps the original rate.",
        tier="main",
        ge=0,
        le=MAX_FPS,
        label="Frames per second",
    )
    start: float = setting(0.0, "Time in the video at which processing starts.", unit="s", ge=0)
    end: float | None = setting(
        None,
        "Time in the video at which processing ends. Leave empty to process to the end.",
        unit="s",
        gt=0,
    )
    temporal_consistency: float = setting(
        1.0,
        "Share of the previous result that stays where the input has not changed; raise it for less flicker, "
        "0 turns it off.",
        ge=0,
        le=1,
        scale="percent",
        step=0.05,
    )
    video: Literal["mp4", "webp", "gif"] = setting(
        "mp4", "File format of the result; only MP4 keeps the sound.", tier="main", label="Format"
    )

    @property
    def max_fps(self) -> int:
        """The highest number of frames per second of the result."""
        limit = video_encoder.highest_fps(self.video)
        return min(limit, self.fps) if self.fps else limit

    @property
    def span(self) -> Span:
        """The part of the video to use."""
        return Span(self.start, self.end)

    @property
    def style_names(self) -> tuple[str, ...]:
        """The style names of the frames' task."""
        frames = self._parse_frame_settings()
        return frames.style_names if frames else ()

    def resolve(self) -> VideoSettings:
        frames = self._parse_frame_settings()
        base = frames.for_frames().resolve().model_dump(mode="json") if frames else self.base
        return self.model_copy(update={"base": base})

    def _parse_frame_settings(self) -> Settings | None:
        """Returns the settings of the frames; None if they are invalid."""
        return tasks.parse_saved_settings(self.task, self.base)

    def for_ending(self, ending: str) -> VideoSettings:
        """Returns the settings for a file extension, which is the video's format."""
        return self.model_copy(update={"video": ending}) if ending in video_codecs.KINDS else self
