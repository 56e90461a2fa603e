"""A video in place of a photo: chosen, looked at by its first frame, and painted frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms, kept_inputs, samples, uploads
from pages.widgets import owners, words
from studio.core import amounts
from studio.core.imaging import animations, image_io, video_span
from studio.core.imaging.video_span import Span
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.run import file_checks
from studio.video import sample as sample_video
from studio.video.settings import VideoSettings

TASK = "video.repaint"
WAYS = {"photo": "A photo", "video": "A video"}
MOST_MB = 100
SAMPLE = "rocket.mp4"
_SLOT, _OWN, _PART = "video", "video_file", "video_part"
_USUAL_FPS = 30  # frames per second, of most phones
_LEAST = 0.3  # s; a shorter video has no parts


@dataclass(frozen=True)
class Video:
    """A video to be painted.

    Attributes:
        title: what is written of it.
        video: the video itself.
        frame: its first frame, by which settings are tried.
        frames, fps: how many the chosen part has, and the video shows per second on average.
        start, end: of the chosen part, in seconds; None for the end of the video.
        seconds: how long the chosen part plays.
    """

    title: str
    video: File
    frame: File
    frames: int
    fps: float
    seconds: float
    start: float = 0.0
    end: float | None = None

    @property
    def part(self) -> tuple[File, float, float | None]:
        """What tells it from another one, and one part of it from another."""
        return self.video, self.start, self.end

    def file(self) -> File:
        """What stands for it where an image is looked at."""
        return self.frame


def ask_kind() -> bool:
    """Asks whether a photo or a video is to be painted."""
    return forms.one_of("Photo or video", WAYS, key="what", hidden=True) == "video"


def choose() -> Video:
    """The video that a user added, else a sample."""
    taken = _taken()
    video = taken or sample()
    start, end = _ask_part(video)
    reel = _reel("Your video" if taken else "Rocket video", video, start, end)
    st.image(samples.small(reel.frame), width=110, alt="The first frame of the chosen part")
    name = words.plain(reel.video.name) if taken else "A slow pan across a photo, to try things out"
    st.caption(f"{name} · {amounts.count(reel.frames, 'frame')}, {reel.seconds:.1f} s")
    with st.container(horizontal=True):
        _add()
        if taken:
            st.button("Back to the sample", icon=":material/undo:", type="tertiary", on_click=_let_go)
    uploads.show_fault(_SLOT)
    return reel


def video_task(task: str, settings: Settings, reel: Video, inputs: Inputs) -> tuple[VideoSettings, Inputs]:
    """What paints every frame of a video as the task would paint its first.

    Args:
        inputs: of the task, the first frame among them.
    """
    ending = reel.video.name.rpartition(".")[2].lower()
    kind = ending if ending in animations.KINDS else "mp4"
    base = settings.model_dump(mode="json", exclude_defaults=True)
    others = {slot: files for slot, files in inputs.items() if slot != "content" and files}
    asked = {"task": task, "base": base, "video": kind, "start": reel.start, "end": reel.end}
    return VideoSettings.parse(asked), {"video": [reel.video], **others}


def can_put(settings: Settings) -> bool:
    """Whether the form can ask for a video like this one; it asks for no other frames per second."""
    return isinstance(settings, VideoSettings) and not settings.fps


def put(video: File, settings: Settings) -> None:
    """Chooses a video and the part of it that was used. Call it before the form is drawn."""
    assert isinstance(settings, VideoSettings)
    st.session_state["what"] = "video"
    st.session_state[_OWN] = [] if video.digest == sample().digest else [video]
    seconds, _ = _facts(video)
    whole = math.floor(10 * seconds) / 10
    st.session_state[_PART] = (settings.start, whole if settings.end is None else min(settings.end, whole))


def frame_of(video: File, settings: VideoSettings) -> File:
    """The frame of a video that its settings are tried by."""
    return first_frame(video, settings.start)


def first_frame(video: File, start: float) -> File:
    """The first frame of the used part of a video, as an image."""
    return File.keep(_frame(video, start), "image", "first-frame.png")


def _taken() -> File | None:
    """A user's own video, which the address names so that a reload has it."""
    own = kept_inputs.restore_files(_OWN, "animation", _is_video)
    kept_inputs.keep_files(_OWN, own)
    return own[0] if own else None


def _let_go() -> None:
    st.session_state[_OWN] = []
    st.session_state.pop(_PART, None)


def _add() -> None:
    with uploads.popover(_SLOT, "Add your own", ":material/video_call:"):
        seconds = video_span.longest(_USUAL_FPS)
        label = f"A video from your device; up to {seconds:.0f} s of it at {_USUAL_FPS} frames per second"
        uploads.ask(_SLOT, label, _take, type=list(animations.ENDINGS), max_upload_size=MOST_MB)


def _take(data: bytes, name: str) -> None:
    file_checks.check_bytes("animation", data, name)  # before what was taken until now gives way
    st.session_state.pop(_PART, None)
    st.session_state[_OWN] = [File.keep(data, "animation", name)]


def _is_video(file: File) -> None:
    """Raises `InvalidInput` for what is no video; all of it was looked at when it was added."""
    animations.duration(file.read(), file.name)


def _ask_part(video: File) -> tuple[float, float | None]:
    """Asks for the part of a video that is used: its start and its end, None for the end of the video."""
    seconds, fps = _facts(video)
    most = video_span.longest(fps)
    whole = math.floor(10 * seconds) / 10  # as the slider counts
    if whole < _LEAST:
        return 0.0, None
    kept = st.session_state.get(_PART)
    if kept and kept[1] > whole:
        del st.session_state[_PART]  # of a longer video
    help = f"Up to {most:.1f} s of a video with {fps:.4g} frames per second"
    usual = (0.0, min(whole, math.floor(10 * most) / 10))
    how: dict[str, Any] = {"format": "%.1f s", "key": _PART, "bind": "query-params", "help": help}
    start, end = st.slider("Part of the video", 0.0, whole, usual, 0.1, **how)
    if end <= start:
        end = min(start + 0.1, seconds)
        start = min(start, end - 0.1)
    if end - start > most:
        end = start + most
        st.caption(f":material/info: Up to {most:.1f} s are used, from {start:.1f} to {end:.1f} s.")
    return start, None if end >= whole else end


def _reel(title: str, video: File, start: float = 0.0, end: float | None = None) -> Video:
    first = first_frame(video, start)
    data = video.read()
    span = Span(start, end)
    times = animations.times(data, video.name, span=span)
    count = animations.length(data, video.name, span=span)
    return Video(title, video, first, count, times.fps, times.seconds, start, end)


@owners.cached(max_entries=8, show_spinner="Reading the video ...")
def _frame(video: File, start: float) -> bytes:
    """The frame of a video at a time, as PNG."""
    return image_io.encode_png(animations.first(video.read(), video.name, start))


@owners.cached(max_entries=8, show_spinner=False)
def _facts(video: File) -> tuple[float, float]:
    """How many seconds a video lasts, and how many frames per second are used."""
    data = video.read()
    return animations.duration(data, video.name), animations.times(data, video.name).fps


def sample() -> File:
    """A video to try with."""
    return File.keep(_drawn(), "animation", SAMPLE)


@st.cache_resource(show_spinner=False)
def _drawn() -> bytes:
    return sample_video.draw()
