"""The table of pages: what the navigation shows, and which page opens the jobs of a capability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from studio import engine
from studio.core import tasks
from studio.core.tasks import Task

_LEAVING = "leaving_for"
_HERE, _CAME = "page_here", "page_came"
_WORDS = ("prompt", "words")  # a user's own, whatever they say


class Place(NamedTuple):
    """One page.

    Attributes:
        file: next to frame.py.
        title, icon, address: as the navigation shows it.
        capability: whose jobs open here, "" for none.
        also: other capabilities whose jobs open here.
        needs: the weights that its first runs fetch.
        form: the module whose FORMS take results back, see `pages.jobs.refill.Form`; "" for none.
        elsewhere: the tasks of the capability whose jobs open in the gallery.
        videos: whether videos whose every frame a task of the capability made open here, too.
        generators: whether generators of images are chosen here, whatever trained them.
        group: the heading that the navigation shows it under; "" for the first page, which stands alone.
    """

    file: str
    title: str
    icon: str
    address: str
    capability: str = ""
    needs: tuple[str, ...] = ()
    form: str = ""
    elsewhere: tuple[str, ...] = ()
    videos: bool = False
    generators: bool = False
    group: str = "Make"
    also: tuple[str, ...] = ()


# A new page adds one line.
PLACES = (
    Place("show_studio.py", "Studio", ":material/palette:", "", group=""),
    Place(
        "style_photo.py",
        "Style",
        ":material/brush:",
        "style",
        "style",
        ("adain", "vgg16"),
        form="pages.style.refill",
        videos=True,
    ),
    Place(
        "dream_photo.py",
        "Dream",
        ":material/bedtime:",
        "dream",
        "dream",
        ("vgg16",),
        form="pages.dream.refill",
    ),
    Place(
        "enhance_photo.py",
        "Enhance",
        ":material/photo_size_select_large:",
        "enhance",
        "enhance",
        form="pages.enhance.refill",
        elsewhere=("enhance.train",),
        videos=True,
    ),
    Place(
        "colorize_photo.py",
        "Colorize",
        ":material/format_color_fill:",
        "colorize",
        "colorize",
        form="pages.colorize.refill",
        elsewhere=("colorize.train",),
        videos=True,
    ),
    Place(
        "sketch_avatar.py",
        "Sketch",
        ":material/gesture:",
        "sketch",
        "sketch",
        elsewhere=("sketch.train", "sketch.train_pairs"),
    ),
    Place(
        "generate_faces.py",
        "Faces",
        ":material/face:",
        "faces",
        "faces",
        form="pages.faces.refill",
        generators=True,
    ),
    Place(
        "generate_text.py",
        "Text",
        ":material/edit_note:",
        "text",
        "text",
        form="pages.text.refill",
        elsewhere=("text.compare",),
    ),
    Place(
        "classify_images.py",
        "Classify",
        ":material/school:",
        "classify",
        "classify",
        ("resnet50",),
        form="pages.classify.refill",
        elsewhere=("classify.predict", "classify.study"),
        group="Train",
    ),
    Place(
        "train_generator.py",
        "Train a generator",
        ":material/draw:",
        "train-generator",
        "dcgan",
        form="pages.generator.refill",
        group="Train",
        also=("vae",),
    ),
    Place(
        "tune_settings.py",
        "Tune",
        ":material/search_insights:",
        "tune",
        "tune",
        form="pages.tune.input_form",
        group="Train",
    ),
    Place(
        "playground_photo.py",
        "Playground",
        ":material/grain:",
        "playground",
        "playground",
        form="pages.playground.input_form",
        group="Look inside",
    ),
    Place("xray_photo.py", "X-ray", ":material/skeleton:", "x-ray", "xray", ("vgg16",), group="Look inside"),
    Place("visit_lab.py", "Lab", ":material/science:", "lab", "lab", group="Look inside"),
    Place("ask_questions.py", "Questions", ":material/help:", "questions", group="Look inside"),
    Place("browse_gallery.py", "Gallery", ":material/photo_library:", "gallery", "gallery", group="Yours"),
    Place("check_health.py", "Health", ":material/monitor_heart:", "health", group="Yours"),
    Place("read_guide.py", "Guide", ":material/menu_book:", "guide", group="Yours"),
)


def groups() -> dict[str, list[Place]]:
    """The pages under each heading, in the order to show them."""
    found: dict[str, list[Place]] = {}
    for place in PLACES:
        found.setdefault(place.group, []).append(place)
    return found


def place_of(task: str, settings: Mapping[str, Any] = MappingProxyType({})) -> Place:
    """The page that shows the jobs of a task: the gallery those that no other page shows.

    Args:
        settings: of the job. Those of a video name the task that paints its frames: it is shown where they
            would be, or in the gallery if that page shows no videos.
    """
    known = task in tasks.TASKS
    shown = repeated(task, settings)
    repeats = shown != task
    place = _page_of(shown)
    if place and shown not in place.elsewhere and (place.videos or not repeats):
        return place
    gallery = next(place for place in PLACES if place.capability == "gallery")
    return gallery if known else PLACES[0]


def repeated(task: str, settings: Mapping[str, Any]) -> str:
    """The task that makes each frame of a video; of other jobs their own.

    Args:
        settings: of the job.
    """
    repeats = task in tasks.TASKS and tasks.get(task).stands_for
    return str(settings.get("task", "")) if repeats else task


def place_of_models(training: Task) -> Place:
    """The page where models of a training are chosen."""
    if training.opens:
        return next(place for place in PLACES if place.generators)
    return _page_of(training.name) or PLACES[0]


def _page_of(task: str) -> Place | None:
    """The page of a task's capability, if it has one."""
    capability = task.partition(".")[0]
    return next((place for place in PLACES if capability in (place.capability, *place.also)), None)


def leave_for(file: str) -> None:
    """As `go_to`, from a callback, where Streamlit cannot switch: the frame does it next."""
    st.session_state[_LEAVING] = file


def leave(here: str) -> None:
    """Goes where a callback wanted to, unless that is here. Call it from the frame.

    Args:
        here: the address of the page that would be drawn now.
    """
    file = st.session_state.pop(_LEAVING, "")
    if file and not any(place.file == file and place.address == here for place in PLACES):
        go_to(file)


def arrive(here: str) -> None:
    """Notes which page is drawn. Call it from the frame."""
    st.session_state[_CAME] = st.session_state.get(_HERE) != here
    st.session_state[_HERE] = here


def came_from_elsewhere() -> bool:
    """Whether another page was drawn before this one, or none; not so after "back" on one page."""
    return st.session_state.get(_CAME, True)


def go_to(file: str, **params: str) -> None:
    """Leaves for another page, whose address is told: Streamlit refuses to forget that of bound widgets.

    Args:
        file: of the page, next to frame.py.
        params: what its address then holds.
    """
    st.switch_page(file, query_params=params)


def tidy(here: str) -> None:
    """Opens a page again without what no widget can take, if its address has such. Call it from the frame.

    Widgets are given the address as it was when the page was opened: a choice of nothing where one is always
    chosen, and a number without end for a whole one, would be faults of the page.

    Args:
        here: the address of the page.
    """
    told = {name: st.query_params.get_all(name) for name in st.query_params}
    kept = {name: [one for one in all if name in _WORDS or _usable(one)] for name, all in told.items()}
    if kept != told and came_from_elsewhere():
        del st.session_state[_HERE]  # it is still to be arrived at
        file = next(place.file for place in PLACES if place.address == here)
        st.switch_page(file, query_params={name: all for name, all in kept.items() if all})


def _usable(told: str) -> bool:
    with suppress(ValueError):
        return not math.isinf(float(told))
    return told != ""


def opening(job: engine.Job) -> None:
    """A link to a job on its page. There the form takes it back if it can; else it stays as it is.

    A link, not a button that switches: a switch by the server in the middle of a fragment's drawing now and
    then left the browser with half a page (Streamlit 1.67).
    """
    place = place_of(job.task, job.settings)
    here = urlsplit(st.context.url or "").path.rpartition("/")[2] == place.address
    stays = here and not place.form
    kept = {name: st.query_params.get_all(name) for name in st.query_params} if stays else {}
    st.page_link(place.file, label="Open", query_params=kept | {"job": job.id})


def lead_to(job: engine.Job) -> None:
    """Says that a job belongs to another page, with a link to it; nothing for another half of this page."""
    place = place_of(job.task, job.settings)
    if place.address != st.session_state.get(_HERE):
        st.warning(f"This is a result of another page: {place.title}.", icon=":material/search_off:")
        st.page_link(
            place.file, label=f"Open in {place.title}", icon=place.icon, query_params={"job": job.id}
        )
