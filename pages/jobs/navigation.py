"""The table of pages, and functions that find, open and link them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import streamlit as st

from pages.widgets import browser_history
from studio import engine
from studio.core import tasks
from studio.core.tasks import Task

JOB_PARAMETER = "job"  # of the address: the id of the job to show
ITEM_PARAMETER = "item"  # of the gallery's address: the item that is shown large
OTHER_PARAMETER = "with"  # of the gallery's address: items that it is compared with
_REQUESTED_KEY = "page_requested"
_PAGE_KEY, _IS_NEW_KEY = "page_address", "page_is_new"
_FREE_TEXTS = ("prompt", "words")  # URL parameters with text of the user, which can have any value


class Page(NamedTuple):
    """A page.

    Attributes:
        file: next to frame.py.
        title, icon, address: in the navigation.
        capability: whose jobs open here; "" for none.
        needs: weights that its first runs download.
        form: module whose FORMS refill the form, see `pages.jobs.refill.Form`; "" for none.
        gallery_tasks: tasks of the capability whose jobs open in the gallery.
        videos: whether videos with frames made by the capability open here, too.
        generators: whether trained image generators are selected here.
        group: heading in the navigation; "" for the first page, which has none.
        other_capabilities: further capabilities whose jobs open here.
    """

    file: str
    title: str
    icon: str
    address: str
    capability: str = ""
    needs: tuple[str, ...] = ()
    form: str = ""
    gallery_tasks: tuple[str, ...] = ()
    videos: bool = False
    generators: bool = False
    group: str = "Make"
    other_capabilities: tuple[str, ...] = ()


# A new page adds one line.
PAGES = (
    Page("show_studio.py", "Studio", ":material/palette:", "", group=""),
    Page(
        "style_photo.py",
        "Style",
        ":material/brush:",
        "style",
        "style",
        ("adain", "vgg16"),
        form="pages.style.refill",
        videos=True,
    ),
    Page(
        "dream_photo.py",
        "Dream",
        ":material/bedtime:",
        "dream",
        "dream",
        ("vgg16",),
        form="pages.dream.refill",
    ),
    Page(
        "enhance_photo.py",
        "Enhance",
        ":material/photo_size_select_large:",
        "enhance",
        "enhance",
        form="pages.enhance.refill",
        gallery_tasks=("enhance.train",),
        videos=True,
    ),
    Page(
        "colorize_photo.py",
        "Colorize",
        ":material/format_color_fill:",
        "colorize",
        "colorize",
        ("efficientnet-lite0",),
        form="pages.colorize.refill",
        gallery_tasks=("colorize.train",),
        videos=True,
    ),
    Page(
        "restore_photo.py",
        "Restore",
        ":material/healing:",
        "restore",
        "restore",
        form="pages.restore.refill",
        gallery_tasks=("restore.train",),
    ),
    Page("chain_steps.py", "Chain", ":material/link:", "chain", "chain", form="pages.chain.input_form"),
    Page(
        "sketch_avatar.py",
        "Sketch",
        ":material/gesture:",
        "sketch",
        "sketch",
        form="pages.sketch.refill",
        gallery_tasks=("sketch.train", "sketch.train_pairs"),
    ),
    Page(
        "generate_faces.py",
        "Faces",
        ":material/face:",
        "faces",
        "faces",
        form="pages.faces.refill",
        generators=True,
    ),
    Page(
        "generate_text.py",
        "Text",
        ":material/edit_note:",
        "text",
        "text",
        form="pages.text.refill",
        gallery_tasks=("text.compare",),
    ),
    Page(
        "classify_images.py",
        "Classify",
        ":material/school:",
        "classify",
        "classify",
        ("resnet50",),
        form="pages.classify.refill",
        gallery_tasks=("classify.predict", "classify.study"),
        group="Train",
    ),
    Page(
        "train_generator.py",
        "Train a generator",
        ":material/draw:",
        "train-generator",
        "dcgan",
        form="pages.generator.refill",
        group="Train",
        other_capabilities=("vae", "diffusion"),
    ),
    Page(
        "tune_settings.py",
        "Tune",
        ":material/search_insights:",
        "tune",
        "tune",
        form="pages.tune.input_form",
        group="Train",
    ),
    Page(
        "playground_photo.py",
        "Playground",
        ":material/grain:",
        "playground",
        "playground",
        form="pages.playground.input_form",
        group="Look inside",
    ),
    Page(
        "xray_photo.py",
        "X-ray",
        ":material/skeleton:",
        "x-ray",
        "xray",
        ("vgg16",),
        form="pages.xray.refill",
        group="Look inside",
    ),
    Page(
        "visit_lab.py",
        "Lab",
        ":material/science:",
        "lab",
        "lab",
        form="pages.lab.refill",
        group="Look inside",
    ),
    Page("ask_questions.py", "Questions", ":material/help:", "questions", group="Look inside"),
    Page("browse_gallery.py", "Gallery", ":material/photo_library:", "gallery", "gallery", group="Yours"),
    Page("check_health.py", "Health", ":material/monitor_heart:", "health", group="Yours"),
    Page("read_guide.py", "Guide", ":material/menu_book:", "guide", group="Yours"),
)


def group_pages() -> dict[str, list[Page]]:
    """Returns the pages by heading, in display order."""
    pages: dict[str, list[Page]] = {}
    for page in PAGES:
        pages.setdefault(page.group, []).append(page)
    return pages


def page_of(task: str, settings: Mapping[str, Any] = MappingProxyType({})) -> Page:
    """Returns the page that shows the jobs of a task; the gallery if no other page does.

    Args:
        task: of the jobs.
        settings: of the job. Those of a video name the task of its frames: the video opens on that task's
            page, or in the gallery if that page shows no videos.
    """
    is_known = task in tasks.TASKS
    task_of_page = frame_task(task, settings)
    is_video = task_of_page != task
    page = _page_of_capability(task_of_page)
    if page and task_of_page not in page.gallery_tasks and (page.videos or not is_video):
        return page
    gallery = next(page for page in PAGES if page.capability == "gallery")
    return gallery if is_known else PAGES[0]


def frame_task(task: str, settings: Mapping[str, Any]) -> str:
    """Returns the task that makes each frame of a video; for other jobs, the task itself.

    Args:
        task: of the job.
        settings: of the job.
    """
    is_video = task in tasks.TASKS and tasks.get(task).equivalent_command
    return str(settings.get("task", "")) if is_video else task


def page_of_models(training_task: Task) -> Page:
    """Returns the page where models of a training task are selected."""
    if training_task.load_generator:
        return next(page for page in PAGES if page.generators)
    return _page_of_capability(training_task.name) or PAGES[0]


def _page_of_capability(task: str) -> Page | None:
    """Returns the page of a task's capability, if there is one."""
    capability = task.partition(".")[0]
    return next((page for page in PAGES if capability in (page.capability, *page.other_capabilities)), None)


def request_page(file: str) -> None:
    """Requests another page from a callback, which cannot switch pages itself; see `open_requested_page`."""
    st.session_state[_REQUESTED_KEY] = file


def open_requested_page(current_address: str) -> None:
    """Opens the page that a callback requested with `request_page`. Call it from the frame.

    Args:
        current_address: address of the page that would be drawn now.
    """
    file = st.session_state.pop(_REQUESTED_KEY, "")
    if file and not any(page.file == file and page.address == current_address for page in PAGES):
        browser_history.hand_over_values()
        go_to(file)


def note_page(current_address: str) -> None:
    """Notes which page is drawn now. Call it from the frame."""
    st.session_state[_IS_NEW_KEY] = st.session_state.get(_PAGE_KEY) != current_address
    st.session_state[_PAGE_KEY] = current_address


def came_from_elsewhere() -> bool:
    """Returns whether another page, or none, was drawn before this one; False after Back within a page."""
    return st.session_state.get(_IS_NEW_KEY, True)


def go_to(file: str, **params: str) -> None:
    """Opens another page with a given address: Streamlit would keep the parameters of bound widgets.

    Args:
        file: of the page, next to frame.py.
        params: URL parameters of the page.
    """
    st.switch_page(file, query_params=params)


def drop_unusable_parameters(current_address: str) -> None:
    """Reopens a page without URL parameters that no widget can take. Call it from the frame.

    Widgets read the address as it was when the page was opened: an empty option or an infinite number would
    raise an error.

    Args:
        current_address: address of the page.
    """
    parameters = {name: st.query_params.get_all(name) for name in st.query_params}
    usable = {
        name: [value for value in values if name in _FREE_TEXTS or _is_usable(value)]
        for name, values in parameters.items()
    }
    if usable != parameters and came_from_elsewhere():
        del st.session_state[_PAGE_KEY]  # the page has not been drawn yet
        file = next(page.file for page in PAGES if page.address == current_address)
        st.switch_page(file, query_params={name: values for name, values in usable.items() if values})


def _is_usable(value: str) -> bool:
    with suppress(ValueError):
        return not math.isinf(float(value))
    return value != ""


def is_current(page: Page) -> bool:
    """Returns whether the browser shows this page."""
    return urlsplit(st.context.url or "").path.rpartition("/")[2] == page.address


def show_link(job: engine.Job) -> None:
    """Draws a link to a job on its page, whose form is refilled if possible, else left unchanged.

    Not a button: a switch of pages while a fragment was drawn sometimes left the browser with half a page
    (Streamlit 1.67).
    """
    page = page_of(job.task, job.settings)
    keeps_form = is_current(page) and not page.form
    parameters = {name: st.query_params.get_all(name) for name in st.query_params} if keeps_form else {}
    st.page_link(page.file, label="Open", query_params=parameters | {JOB_PARAMETER: job.id})


def show_comparison_link(id: str, other_id: str, label: str) -> None:
    """Draws a link to the comparison of two results in the gallery.

    Args:
        id, other_id: of the jobs or items.
        label: of the link.
    """
    parameters = {ITEM_PARAMETER: id, OTHER_PARAMETER: other_id}
    st.page_link(
        "browse_gallery.py", label=label, icon=":material/compare:", width="content", query_params=parameters
    )


def show_link_to_other_page(job: engine.Job) -> None:
    """Shows a link to the page of a job; nothing if it is another half of this page."""
    page = page_of(job.task, job.settings)
    if page.address != st.session_state.get(_PAGE_KEY):
        st.warning(f"This is a result of another page: {page.title}.", icon=":material/search_off:")
        st.page_link(
            page.file, label=f"Open in {page.title}", icon=page.icon, query_params={JOB_PARAMETER: job.id}
        )
