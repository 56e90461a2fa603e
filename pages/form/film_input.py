"""A film in place of a photo: chosen, looked at by its first frame, and painted frame by frame."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from pages.form import forms, samples, uploads
from pages.widgets import owners, words
from studio.core import amounts
from studio.core.errors import StudioError
from studio.core.pictures import animations, film_facts, film_limits, images
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.film import sample as sample_film
from studio.film.settings import FilmSettings
from studio.run import file_checks

TASK = "film.repaint"
WAYS = {"photo": "A photo", "film": "A film"}
MOST_MB = 100
SAMPLE = "rocket.mp4"
_SLOT, _TAKEN, _ADDRESS = "film", "film_taken", "film_file"


@dataclass(frozen=True)
class Film:
    """A film to be painted.

    Attributes:
        title: what is written of it.
        film: the film itself.
        frame: its first frame, by which settings are tried.
        frames, fps: how many it has, and shows a second.
    """

    title: str
    film: File
    frame: File
    frames: int
    fps: int

    def file(self) -> File:
        """What stands for it where a picture is looked at."""
        return self.frame


def ask_kind() -> bool:
    """Asks whether a photo or a film is to be painted."""
    return forms.one_of("Photo or film", WAYS, key="what", hidden=True) == "film"


def choose() -> Film:
    """The film that a person added, else a sample."""
    taken = _taken()
    reel = _reel("Your film", taken) if taken else _reel("Rocket film", sample())
    st.image(samples.small(reel.frame), width=110, alt="The first frame of the film")
    length = amounts.duration(max(reel.frames / reel.fps, 1))
    name = words.plain(reel.film.name) if taken else "A slow look across a photo, to try with"
    st.caption(f"{name} · {reel.frames} frames, {length}")
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
    base = json.dumps(settings.model_dump(mode="json", exclude_defaults=True))
    others = {slot: files for slot, files in inputs.items() if slot != "content" and files}
    return FilmSettings.parse({"task": task, "base": base, "film": kind}), {"film": [reel.film], **others}


def _taken() -> File | None:
    """A person's own film, which the address names so that a reload has it."""
    if _TAKEN not in st.session_state and (told := st.query_params.get(_ADDRESS)):
        st.session_state[_TAKEN] = _brought_back(owners.mine(told))
    taken: File | None = st.session_state.get(_TAKEN)
    if taken:
        st.query_params[_ADDRESS] = taken.digest
    return taken


def _brought_back(digest: str) -> File | None:
    with suppress(StudioError, OSError):  # removed since, somebody else's, or no film
        data = File(digest, "animation", "film").read()
        animations.length(data, "your film")  # all of it was looked at when it was added
        return File(digest, "animation", f"your-film.{film_facts.kind(data)}")
    return None


def _let_go() -> None:
    del st.session_state[_TAKEN]
    st.query_params.pop(_ADDRESS, None)


def _add() -> None:
    with uploads.popover(_SLOT, "Add your own", ":material/video_call:"):
        label = f"A film from your device, up to {film_limits.MOST_FRAMES} frames"
        uploads.ask(_SLOT, label, _take, type=list(animations.ENDINGS), max_upload_size=MOST_MB)


def _take(data: bytes, name: str) -> None:
    file_checks.check_bytes("animation", data, name)  # before what was taken until now gives way
    st.session_state[_TAKEN] = File.keep(data, "animation", name)


def _reel(title: str, film: File) -> Film:
    first, length, fps = _seen(film)
    return Film(title, film, File.keep(first, "picture", "first-frame.png"), length, fps)


@owners.cached(max_entries=8, show_spinner="Looking at the film ...")
def _seen(film: File) -> tuple[bytes, int, int]:
    """A film's first frame as PNG, how many it has and how many a second."""
    data = film.read()
    first = images.encode_png(next(animations.frames(data, film.name)))
    return first, animations.length(data, film.name), animations.fps(data, film.name)


def sample() -> File:
    """A film to try with."""
    return File.keep(_drawn(), "animation", SAMPLE)


@st.cache_resource(show_spinner=False)
def _drawn() -> bytes:
    return sample_film.draw()
