"""Video input: selects a video and a part of it; settings are tried on its first frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import streamlit as st

from pages.form import forms, input_store, samples, sliders, uploads
from pages.widgets import owners, page_errors, words
from studio.core import amounts
from studio.core.imaging import image_io, video_codecs, video_decoder, video_span
from studio.core.imaging.video_span import Span
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.run import file_checks
from studio.video import sample as sample_video
from studio.video.settings import BLENDED_BANDS, VideoSettings

TASK = "video.repaint"
KINDS = {"photo": "A photo", "video": "A video"}
MAX_MB = 100
SAMPLE_NAME = "rocket.mp4"
_SLOT, _VIDEO_KEY, _PART_KEY = "video", "video_file", "video_part"
_PHONE_FPS = 30  # frames per second of most phones
_MIN_SECONDS = 0.3  # s; a shorter video is used as a whole


@dataclass(frozen=True)
class Video:
    """A video to paint.

    Attributes:
        title: of the video.
        video: the file.
        frame: first frame of the selected part, on which settings are tried.
        frames: number of frames of the selected part.
        fps: average frames per second.
        seconds: duration of the selected part.
        start, end: of the selected part, in seconds; `end` is None for the end of the video.
        temporal_consistency: of the result, 0 to 1.
    """

    title: str
    video: File
    frame: File
    frames: int
    fps: float
    seconds: float
    start: float = 0.0
    end: float | None = None
    temporal_consistency: float = 1.0

    @property
    def identity(self) -> object:
        """Identifies the selected part and its settings, like `Sample.identity`."""
        return self.video, self.start, self.end, self.temporal_consistency

    def get_file(self) -> File:
        """Returns the frame, like `Sample.get_file`, for pages that take an image or a video."""
        return self.frame


def ask_kind(more: Mapping[str, str] = MappingProxyType({})) -> str:
    """Asks what to use. Returns its name, among those of `KINDS` and `more`.

    Args:
        more: titles of further kinds, by name.
    """
    return forms.ask_choice("Photo or video", {**KINDS, **more}, key="what", hide_label=True)


def offer(file: File) -> None:
    """Draws a button that uses all frames of an animated image, as a video.

    Args:
        file: the animated image.
    """
    st.button(
        "Use it as a video",
        icon=":material/video_call:",
        type="tertiary",
        key="use_as_video",
        on_click=_use_image_as_video,
        args=(file,),
    )


def _use_image_as_video(file: File) -> None:
    page_errors.attempt(_SLOT, lambda: _store_upload(file.read(), file.name))
    st.session_state["what"] = "video"


def choose(task: str) -> Video:
    """Draws the video input: the user's own video or the sample, and the part to use. Returns that part.

    Args:
        task: to apply to each frame.
    """
    own_video = _restore_own_video()
    video = own_video or store_sample()
    start, end = _ask_part(video)
    clip = _make_video("Your video" if own_video else "Rocket video", video, start, end)
    _show_ends(clip)
    name = words.escape(clip.video.name) if own_video else "A slow pan across a photo, to try things out"
    st.caption(f"{name} · {amounts.format_count(clip.frames, 'frame')}, {clip.seconds:.1f} s")
    with st.container(horizontal=True):
        _show_upload_popover()
        if own_video:
            st.button(
                "Back to the sample", icon=":material/undo:", type="tertiary", on_click=_remove_own_video
            )
    page_errors.show_errors(_SLOT)
    if task in BLENDED_BANDS:
        clip = replace(clip, **forms.ask_fields(VideoSettings, ("temporal_consistency",)))
    return clip


def _show_ends(clip: Video) -> None:
    """Shows thumbnails of the first and the last frame of the chosen part."""
    end = clip.end or _read_duration_and_fps(clip.video)[0]
    last = store_frame(clip.video, max(clip.start, end - video_span.MOMENT_SECONDS))
    with st.container(horizontal=True, gap="small"):
        for frame, which in ((clip.frame, "first"), (last, "last")):
            st.image(samples.make_thumbnail(frame), width=110, alt=f"The {which} frame of the chosen part")


def build_job(
    task: str, settings: Settings, content: samples.Sample | Video, inputs: Inputs
) -> tuple[str, Settings, Inputs]:
    """Returns task, settings and inputs of the job for a photo or a video, see `make_job`."""
    if isinstance(content, Video):
        return TASK, *make_job(task, settings, content, inputs)
    return task, settings, inputs


def make_job(task: str, settings: Settings, clip: Video, inputs: Inputs) -> tuple[VideoSettings, Inputs]:
    """Returns the settings and inputs of a job that applies a task to every frame of a video.

    Args:
        task: to apply.
        settings: of the task.
        clip: the video.
        inputs: of the task; `content` is replaced by the video.
    """
    ending = clip.video.name.rpartition(".")[2].lower()
    kind = ending if ending in video_codecs.KINDS else "mp4"
    base = settings.model_dump(mode="json", exclude_defaults=True)
    other_inputs = {slot: files for slot, files in inputs.items() if slot != "content" and files}
    values = {"task": task, "base": base, "video": kind, "start": clip.start, "end": clip.end}
    values["temporal_consistency"] = clip.temporal_consistency
    return VideoSettings.parse(values), {"video": [clip.video], **other_inputs}


def can_select(settings: Settings) -> bool:
    """Returns whether the form can represent these settings: it has no field for the frame rate."""
    return isinstance(settings, VideoSettings) and not settings.fps


def select(video: File, settings: Settings) -> None:
    """Selects a video and the part that was used. Call it before the form is drawn."""
    assert isinstance(settings, VideoSettings)
    st.session_state["what"] = "video"
    st.session_state[_VIDEO_KEY] = [] if video.digest == store_sample().digest else [video]
    sliders.set_value("temporal_consistency", settings.temporal_consistency)
    seconds, _ = _read_duration_and_fps(video)
    length = math.floor(10 * seconds) / 10
    st.session_state[_PART_KEY] = (
        settings.start,
        length if settings.end is None else min(settings.end, length),
    )


def store_frame(video: File, seconds: float) -> File:
    """Stores the frame at a time of a video as an image. Returns its file."""
    return File.store(_encode_frame(video, seconds), "image", "first-frame.png")


def _restore_own_video() -> File | None:
    """Returns the user's own video, which the address names so that a reload restores it."""
    videos = input_store.restore_files(_VIDEO_KEY, "animation", _check_video, 1)
    input_store.store_files(_VIDEO_KEY, videos)
    return videos[0] if videos else None


def _remove_own_video() -> None:
    st.session_state[_VIDEO_KEY] = []
    st.session_state.pop(_PART_KEY, None)


def _show_upload_popover() -> None:
    with uploads.show_popover(_SLOT, "Add your own", ":material/video_call:"):
        seconds = video_span.longest_seconds(_PHONE_FPS)
        label = f"A video from your device; up to {seconds:.0f} s of it at {_PHONE_FPS} frames per second"
        uploads.ask(_SLOT, label, _store_upload, type=list(video_decoder.EXTENSIONS), max_upload_size=MAX_MB)


def _store_upload(data: bytes, name: str) -> None:
    file_checks.check_bytes("animation", data, name)  # before it replaces the previous video
    st.session_state.pop(_PART_KEY, None)
    st.session_state[_VIDEO_KEY] = [File.store(data, "animation", name)]


def _check_video(file: File) -> None:
    """Raises `InvalidInput` if a file is not a video. The frames were checked when it was uploaded."""
    video_decoder.read_duration(file.read(), file.name)


def _ask_part(video: File) -> tuple[float, float | None]:
    """Asks for the part of a video to use. Returns its start and end, in seconds; None: the video's end."""
    seconds, fps = _read_duration_and_fps(video)
    max_seconds = video_span.longest_seconds(fps)
    length = math.floor(10 * seconds) / 10  # in steps of the slider
    if length < _MIN_SECONDS:
        return 0.0, None
    part = st.session_state.get(_PART_KEY)
    if part and part[1] > length:
        del st.session_state[_PART_KEY]  # the part of a longer video
    help = f"Up to {max_seconds:.1f} s of a video with {fps:.4g} frames per second"
    default = (0.0, min(length, math.floor(10 * max_seconds) / 10))
    start, end = st.slider(
        "Part of the video",
        0.0,
        length,
        default,
        0.1,
        format="%.1f s",
        key=_PART_KEY,
        bind="query-params",
        help=help,
    )
    if end <= start:
        end = min(start + 0.1, seconds)
        start = min(start, end - 0.1)
    end = min(end, start + max_seconds)
    if length > max_seconds:
        used = f"from {start:.1f} to {end:.1f} s" if start else f"the first {end:.1f} s"
        st.caption(
            f":material/info: Used: {used} of {seconds:.1f} s. At most {max_seconds:.1f} s can be used."
        )
    return start, None if end >= length else end


def _make_video(title: str, video: File, start: float = 0.0, end: float | None = None) -> Video:
    first = store_frame(video, start)
    data = video.read()
    span = Span(start, end)
    times = video_decoder.read_times(data, video.name, span=span)
    count = video_decoder.count_frames(data, video.name, span=span)
    return Video(title, video, first, count, times.fps, times.seconds, start, end)


@owners.cached(max_entries=16, show_spinner="Reading the video ...")
def _encode_frame(video: File, start: float) -> bytes:
    """Returns the frame of a video at a time in seconds, as a PNG file."""
    return image_io.encode_png(video_decoder.decode_frame(video.read(), video.name, start))


@owners.cached(max_entries=8, show_spinner=False)
def _read_duration_and_fps(video: File) -> tuple[float, float]:
    """Returns the duration of a video in seconds, and the frames per second that are used."""
    data = video.read()
    return video_decoder.read_duration(data, video.name), video_decoder.read_times(data, video.name).fps


def store_sample() -> File:
    """Stores the sample video. Returns its file."""
    return File.store(_draw_sample_video(), "animation", SAMPLE_NAME)


@st.cache_resource(show_spinner=False)
def _draw_sample_video() -> bytes:
    return sample_video.draw()
