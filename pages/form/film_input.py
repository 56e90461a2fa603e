"""A film in place of a photo: chosen, looked at by its first frame, and painted frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms, kept_inputs, samples, uploads
from pages.widgets import owners, words
from studio.core import amounts
from studio.core.pictures import animations, film_span, images
from studio.core.pictures.film_span import Span
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.film import sample as sample_film
from studio.film.settings import FilmSettings
from studio.run import file_checks

TASK = "film.repaint"
WAYS = {"photo": "A photo", "film": "A film"}
MOST_MB = 100
SAMPLE = "rocket.mp4"
_SLOT, _OWN, _PART = "film", "film_file", "film_part"
_USUAL_FPS = 30  # frames a second, of most phones
_LEAST = 0.3  # s; a shorter film has no parts


@dataclass(frozen=True)
class Film:
    """A film to be painted.

    Attributes:
        title: what is written of it.
        film: the film itself.
        frame: its first frame, by which settings are tried.
        frames, fps: how many the chosen part has, and the film shows per second on average.
        start, end: of the chosen part, in seconds; None for the end of the film.
        seconds: how long the chosen part plays.
    """

    title: str
    film: File
    frame: File
    frames: int
    fps: float
    seconds: float
    start: float = 0.0
    end: float | None = None

    @property
    def part(self) -> tuple[File, float, float | None]:
        """What tells it from another one, and one part of it from another."""
        return self.film, self.start, self.end

    def file(self) -> File:
        """What stands for it where a picture is looked at."""
        return self.frame


def ask_kind() -> bool:
    """Asks whether a photo or a film is to be painted."""
    return forms.one_of("Photo or film", WAYS, key="what", hidden=True) == "film"


def choose() -> Film:
    """The film that a person added, else a sample."""
    taken = _taken()
    film = taken or sample()
    start, end = _ask_part(film)
    reel = _reel("Your film" if taken else "Rocket film", film, start, end)
    st.image(samples.small(reel.frame), width=110, alt="The first frame of the chosen part")
    name = words.plain(reel.film.name) if taken else "A slow look across a photo, to try with"
    st.caption(f"{name} · {amounts.count(reel.frames, 'frame')}, {reel.seconds:.1f} s")
    with st.container(horizontal=True):
        _add()
        if taken:
            st.button("The sample again", icon=":material/undo:", type="tertiary", on_click=_let_go)
    uploads.show_fault(_SLOT)
    return reel


def film_task(task: str, settings: Settings, reel: Film, inputs: Inputs) -> tuple[FilmSettings, Inputs]:
    """What paints every frame of a film as the task would paint its first.

    Args:
        inputs: of the task, the first frame among them.
    """
    ending = reel.film.name.rpartition(".")[2].lower()
    kind = ending if ending in animations.KINDS else "mp4"
    base = settings.model_dump(mode="json", exclude_defaults=True)
    others = {slot: files for slot, files in inputs.items() if slot != "content" and files}
    asked = {"task": task, "base": base, "film": kind, "start": reel.start, "end": reel.end}
    return FilmSettings.parse(asked), {"film": [reel.film], **others}


def can_put(settings: Settings) -> bool:
    """Whether the form can ask for a video like this one; it asks for no other frames per second."""
    return isinstance(settings, FilmSettings) and not settings.fps


def put(film: File, settings: Settings) -> None:
    """Chooses a film and the part of it that was used. Call it before the form is drawn."""
    assert isinstance(settings, FilmSettings)
    st.session_state["what"] = "film"
    st.session_state[_OWN] = [] if film.digest == sample().digest else [film]
    seconds, _ = _facts(film)
    whole = math.floor(10 * seconds) / 10
    st.session_state[_PART] = (settings.start, whole if settings.end is None else min(settings.end, whole))


def frame_of(film: File, settings: FilmSettings) -> File:
    """The frame of a film that its settings are tried by."""
    return first_frame(film, settings.start)


def first_frame(film: File, start: float) -> File:
    """The first frame of the used part of a film, as a picture."""
    return File.keep(_frame(film, start), "picture", "first-frame.png")


def _taken() -> File | None:
    """A person's own film, which the address names so that a reload has it."""
    own = kept_inputs.restore_files(_OWN, "animation", _is_film)
    kept_inputs.keep_files(_OWN, own)
    return own[0] if own else None


def _let_go() -> None:
    st.session_state[_OWN] = []
    st.session_state.pop(_PART, None)


def _add() -> None:
    with uploads.popover(_SLOT, "Add your own", ":material/video_call:"):
        seconds = film_span.longest(_USUAL_FPS)
        label = f"A film from your device; up to {seconds:.0f} s of it at {_USUAL_FPS} frames a second"
        uploads.ask(_SLOT, label, _take, type=list(animations.ENDINGS), max_upload_size=MOST_MB)


def _take(data: bytes, name: str) -> None:
    file_checks.check_bytes("animation", data, name)  # before what was taken until now gives way
    st.session_state.pop(_PART, None)
    st.session_state[_OWN] = [File.keep(data, "animation", name)]


def _is_film(file: File) -> None:
    """Raises `InvalidInput` for what is no film; all of it was looked at when it was added."""
    animations.duration(file.read(), file.name)


def _ask_part(film: File) -> tuple[float, float | None]:
    """Asks for the part of a film that is used: its start and its end, None for the end of the film."""
    seconds, fps = _facts(film)
    most = film_span.longest(fps)
    whole = math.floor(10 * seconds) / 10  # as the slider counts
    if whole < _LEAST:
        return 0.0, None
    kept = st.session_state.get(_PART)
    if kept and kept[1] > whole:
        del st.session_state[_PART]  # of a longer film
    help = f"Up to {most:.1f} s of a film with {fps:.4g} frames per second"
    usual = (0.0, min(whole, math.floor(10 * most) / 10))
    how: dict[str, Any] = {"format": "%.1f s", "key": _PART, "bind": "query-params", "help": help}
    start, end = st.slider("Part of the film", 0.0, whole, usual, 0.1, **how)
    if end <= start:
        end = min(start + 0.1, seconds)
        start = min(start, end - 0.1)
    if end - start > most:
        end = start + most
        st.caption(f":material/info: Up to {most:.1f} s are used, from {start:.1f} to {end:.1f} s.")
    return start, None if end >= whole else end


def _reel(title: str, film: File, start: float = 0.0, end: float | None = None) -> Film:
    first = first_frame(film, start)
    data = film.read()
    span = Span(start, end)
    times = animations.times(data, film.name, span=span)
    count = animations.length(data, film.name, span=span)
    return Film(title, film, first, count, times.fps, times.seconds, start, end)


@owners.cached(max_entries=8, show_spinner="Looking at the film ...")
def _frame(film: File, start: float) -> bytes:
    """The frame of a film at a time, as PNG."""
    return images.encode_png(animations.first(film.read(), film.name, start))


@owners.cached(max_entries=8, show_spinner=False)
def _facts(film: File) -> tuple[float, float]:
    """How many seconds a film lasts, and how many frames per second are used."""
    data = film.read()
    return animations.duration(data, film.name), animations.times(data, film.name).fps


def sample() -> File:
    """A film to try with."""
    return File.keep(_drawn(), "animation", SAMPLE)


@st.cache_resource(show_spinner=False)
def _drawn() -> bytes:
    return sample_film.draw()
