"""Live results: computed whenever a setting changes, saved only when the user keeps them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

import streamlit as st

from pages.form import seeds
from pages.jobs import captions, jobs, results, use_again
from pages.widgets import browser_images, keys, page_errors, weight_downloads, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import amounts, paths, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import image_io
from studio.core.models import lru, pinned_weights
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

KEEP_ICON, KEEP_HELP = ":material/bookmark_add:", "Saves this result in the gallery"
_SAVED_KEY, _MESSAGE_KEY = "live_saved", "live_message"
UNWATCHED_SECONDS = 10.0  # after which a request ends whose page has been left
_POLL_SECONDS, _PREVIEW_WIDTH = 0.3, 384  # s, px
MAX_SHARED = 16  # results, up to 4 MB each, in the cache of all tabs of this server
_shared_results: dict[str, engine.Live] = {}


@dataclass(frozen=True)
class FullSize:
    """The full-size job behind a preview.

    Attributes:
        label: of the button that starts it; says the size.
        start: starts the job.
    """

    label: str
    start: Callable[[], None]


def show_live(
    task: str,
    settings: Settings,
    load_inputs: Callable[[], Inputs],
    *,
    before: Callable[[], File],
    needs: Collection[str] = (),
    note: str = "",
    show_buttons: Callable[[], None] | None = None,
    full_size: FullSize | None = None,
) -> engine.Live | None:
    """Shows the result of these settings and inputs, computed now unless it is cached.

    Args:
        task: that makes the result.
        settings: of the task.
        load_inputs: returns the inputs; not called before the engine is ready.
        before: returns the image to show until there is a result.
        needs: names of required weights; if one is missing, a job that downloads it is offered instead.
        note: added to the caption, e.g. that this is only a preview.
        show_buttons: draws extra buttons of the page.
        full_size: the job that this is a small preview of; None if this is the result itself.

    Returns:
        The result, if there is one.
    """
    if not check_ready(task, settings, load_inputs, before=before, needs=needs):
        return None
    live = _compute_result(task, settings, load_inputs, before)
    if live is None:
        return None
    duration = f"Made in {amounts.format_duration(max(live.seconds, 1))}"
    caption = " · ".join(
        part for part in (duration, *captions.describe_mode_and_seed(live.settings), note) if part
    )
    name = tasks.get(task).comparison_label
    results.show_comparison(live.inputs["content"][0], live.data, key="result", caption=caption, name=name)
    with st.container(horizontal=True):
        description = _describe_preview(live) if full_size else ""
        # The form has Start, too.
        if full_size and st.button(
            full_size.label, icon=":material/play_arrow:", on_click=seeds.draw_unless_kept
        ):
            full_size.start()
        if st.button(f"Keep{description and ' the preview'}", icon=KEEP_ICON, help=KEEP_HELP):
            job = save(live)
            _show_message()
            if job is not None:
                jobs.open_job(job)
                st.rerun()
        if show_buttons is not None:
            show_buttons()
        results.show_download(
            live.data,
            task,
            key="live",
            recipe=live.recipe,
            description=description,
            on_click=partial(_save_result, live),
        )
        use_again.show_menu(
            lambda: File.store(live.data, "image", results.make_file_name(live.recipe)), key="live"
        )
    _show_message()
    results.show_recipe(task, settings, live.inputs, live.recipe)
    return live


def _describe_preview(live: engine.Live) -> str:
    height, width = image_io.read_size(live.data)
    return f"preview, {width:,} x {height:,} px"


def check_ready(
    task: str,
    settings: Settings,
    load_inputs: Callable[[], Inputs],
    *,
    before: Callable[[], File],
    needs: Collection[str] = (),
) -> bool:
    """Returns whether a result can be computed now; if not, draws the content and what is missing.

    Args:
        task, settings, load_inputs, before, needs: see `show_live`.
    """
    is_ready = engine.connect().status() == "ready"
    missing = weight_downloads.list_missing(needs) if is_ready else []
    if is_ready and not missing:
        return True
    browser_images.show_content(before())
    if is_ready:
        _offer_download(task, settings, load_inputs, weight_downloads.describe_sizes(missing))
    else:
        show_warm_up()
    return False


def show_actions(
    result: engine.Live,
    *,
    key: str,
    show_buttons: Callable[[], object] | None = None,
    saves_download: bool = False,
) -> None:
    """Draws the row of actions for a live result, and its recipe.

    Args:
        result: to act on.
        key: of the buttons.
        show_buttons: draws extra buttons of the page.
        saves_download: whether a download also saves the result in the gallery.
    """
    with st.container(horizontal=True):
        if show_buttons is not None:
            show_buttons()
        show_keep_button(result, key=key)
        results.show_download(
            result.data,
            result.task,
            key=key,
            ending=PurePath(result.name).suffix,
            recipe=result.recipe,
            on_click=partial(_save_result, result) if saves_download else None,
        )
        if result.kind == "image":
            use_again.show_menu(lambda: File.store(result.data, "image", result.name), key=key)
    results.show_recipe(result.task, result.settings, result.inputs, result.recipe)


def show_keep_button(result: engine.Live, *, key: str) -> None:
    """Draws the button that saves a live result in the gallery, once."""
    saved = _find_saved_job(result) is not None
    label = "Kept" if saved else "Keep"
    st.button(
        label,
        key=keys.part(key, "keep"),
        icon=KEEP_ICON,
        help=KEEP_HELP,
        disabled=saved,
        on_click=_save_result,
        args=(result,),
    )
    _show_message()


def _save_result(result: engine.Live) -> None:
    """Saves a result. A callback."""
    save(result)


def _show_message() -> None:
    # Not in a callback: there, a toast of a fragment would be drawn at the top of the page.
    if message := st.session_state.pop(_MESSAGE_KEY, ""):
        st.toast(message, icon=":material/bookmark:")


def _offer_download(task: str, settings: Settings, load_inputs: Callable[[], Inputs], downloads: str) -> None:
    st.info(f"On first use, the studio downloads {downloads} and verifies it.", icon=":material/download:")
    if st.button("Download and start", type="primary", icon=":material/brush:"):
        jobs.start(task, settings, load_inputs())


def _compute_result(
    task: str, settings: Settings, load_inputs: Callable[[], Inputs], before: Callable[[], File]
) -> engine.Live | None:
    current = st.session_state.get("live")
    placeholder = st.empty()
    # The key puts the spinner over the last result, which would else move down and back.
    with placeholder.container(key="live_status" if current else None):
        if current is None:
            browser_images.show_content(before())
        with st.spinner("Generating ..."):
            inputs = load_inputs()
            request = (task, settings.model_dump_json(), str(inputs))
            if (
                current is None
                or current[0] != request
                or (current[1] is not None and not _is_valid(current[1]))
            ):
                try:
                    current = (request, _make_shared_result(task, settings, inputs), None)
                except StudioError as error:
                    current = (request, None, error)
    placeholder.empty()
    st.session_state["live"] = current
    _, live, problem = current
    if problem:
        st.error(words.escape(str(problem)), icon=":material/error:")
        # The same invalid input would be refused again.
        if not isinstance(problem, InvalidInput) and st.button("Try again", icon=":material/refresh:"):
            del st.session_state["live"]
            st.rerun()
    return live


def make_result(
    task: str, settings: Settings, inputs: Inputs, cache_name: str, max_results: int = 4, label: str = ""
) -> engine.Live | None:
    """Makes the result of these settings and inputs, cached per tab. Returns None after showing an error.

    Args:
        task: that makes the result.
        settings: of the task.
        inputs: of the task.
        cache_name: of the cache in the session.
        max_results: results in the cache.
        label: of a progress bar that is shown while it takes seconds; "" for none.
    """
    cached = get_cached_results(cache_name)
    request = _make_cache_key(settings, inputs)
    if request in cached and not _is_valid(cached[request]):
        del cached[request]
    try:
        return lru.get_or_make(
            cached, request, lambda: _make_shared_result(task, settings, inputs, label), max_results
        )
    except engine.Superseded:
        return None
    except StudioError as error:
        page_errors.show_error(error)
        return None


def is_cached(settings: Settings, inputs: Inputs, cache_name: str) -> bool:
    """Returns whether the cache of `make_result` with this name has the result."""
    return _make_cache_key(settings, inputs) in get_cached_results(cache_name)


def _make_cache_key(settings: Settings, inputs: Inputs) -> str:
    return settings.model_dump_json() + str(inputs)


def get_cached_results(cache_name: str) -> dict[str, engine.Live]:
    """Returns the cache of `make_result` with this name: results by their settings and inputs."""
    return st.session_state.setdefault(f"live_results_{cache_name}", {})


def _make_shared_result(task: str, settings: Settings, inputs: Inputs, label: str = "") -> engine.Live:
    """Makes the result of these settings and inputs, cached for all tabs of the same user.

    Pages start with the same settings, so a class that opens one requests the same result thirty times.
    Raises the errors of `Engine.run_live`.
    """
    request = f"{get_owner()} {task} {settings.model_dump_json()} {inputs}"  # a name may be another's model
    result = _shared_results.get(request)
    if result is not None and not _is_valid(result):
        _shared_results.pop(request, None)
    run = partial(_run_watched, label) if label else engine.connect().run_live
    make = partial(run, task, settings, inputs, get_session_name(), get_owner())
    return lru.get_or_make(_shared_results, request, make, MAX_SHARED)


def _run_watched(
    label: str, task: str, settings: Settings, inputs: Inputs, session: str, owner: str
) -> engine.Live:
    """Runs a request like `Engine.run_live`, below a progress bar and above its latest preview."""
    stream = engine.connect().start_stream(task, settings, inputs, session, owner)
    stream.unwatched_seconds = UNWATCHED_SECONDS
    area = st.empty()
    while not stream.finished:
        report = stream.report
        with area.container():
            st.progress(report.share if report else 0.0, text=label)
            if stream.preview:
                st.image(stream.preview, width=_PREVIEW_WIDTH, alt="The result so far")
        time.sleep(_POLL_SECONDS)
    area.empty()
    return stream.result()


def _is_valid(result: engine.Live) -> bool:
    """Returns whether the inputs are still stored and the weights unchanged: a model may be replaced."""
    try:
        pinned_weights.check(result.recipe.weights if result.recipe else {})
        return all(file.is_available for files in result.inputs.values() for file in files)
    except StudioError:
        return False


def make_sample(key: str, task: str, settings: Settings, inputs: Inputs) -> bytes:
    """Returns the data of a result, made once per tab; empty if the engine is not ready or it fails.

    Args:
        key: of the result in the session.
        task, settings, inputs: of the result.
    """
    if key not in st.session_state and engine.connect().status() == "ready":
        try:
            result = engine.connect().run_live(task, settings, inputs, get_session_name(), get_owner())
        except StudioError:
            return b""
        st.session_state[key] = result.data
    return st.session_state.get(key, b"")


def get_session_name() -> str:
    """Returns the name of this tab in the queue of live results."""
    return st.session_state.setdefault("live_session", uuid.uuid4().hex)


def _find_saved_job(live: engine.Live) -> engine.Job | None:
    """Returns the job under which a result was saved; None if there is none or it was deleted."""
    with suppress(StudioError, KeyError):
        return engine.connect().find_job(st.session_state[_SAVED_KEY][paths.digest(live.data)], get_owner())
    return None


def save(live: engine.Live) -> engine.Job | None:
    """Saves a result in the gallery once, however often it is downloaded. Returns None after an error."""
    if job := _find_saved_job(live):
        return job
    try:
        job = engine.connect().store_live(live, get_owner())
    except StudioError as error:
        st.session_state[_MESSAGE_KEY] = words.escape(str(error))
        return None
    st.session_state[_MESSAGE_KEY] = "Saved in the gallery."
    st.session_state.setdefault(_SAVED_KEY, {})[paths.digest(live.data)] = job.id
    return job


@st.fragment(run_every=1.0)
def show_warm_up() -> None:
    """Shows that the engine is not ready, until it is."""
    status = engine.connect().status()
    if status == "ready":
        st.rerun()
    if status.startswith("down"):
        st.error(f"The engine is {words.escape(status)}", icon=":material/error:")
        return
    st.info(
        "The studio is warming up. The first result takes a few seconds.",
        icon=":material/local_fire_department:",
    )
