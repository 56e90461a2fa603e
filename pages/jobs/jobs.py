"""Starting a job, watching it, and what can be done once it has ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from pages.jobs import (
    bar,
    batches,
    captions,
    last_shown,
    navigation,
    refill,
    results,
    speed,
    steering,
    use_again,
)
from pages.jobs.starting import show, start, start_all
from pages.widgets import browser_history, browser_images, css, curves, keys, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File

PARAMETER = refill.PARAMETER
WATCH_SECONDS = 0.5
CURVE_SECONDS = 2.0


def close(task: str) -> None:
    """Stops showing the page's job; it continues all the same."""
    st.query_params.pop(PARAMETER, None)
    st.session_state.pop(last_shown.key(task), None)


def close_button(task: str) -> None:
    """Draws the button that stops showing the page's job."""
    if st.button(
        "Close", icon=":material/close:", type="tertiary", help="The result stays in Recent results"
    ):
        close(task)
        st.rerun()


def show_job(
    task: str,
    asked: object = None,
    beside: Mapping[str, Callable[[engine.Job], None] | None] | None = None,
) -> engine.Job | None:
    """Shows the job of the address, or the one this page showed before another page was visited.

    A finished job that is in sight gives way as soon as the person asks for something else.

    Args:
        asked: what the form asks for now.
        beside: the other tasks of this page, each with what draws the buttons that only its results have, if
            there are any.

    Returns:
        The job, or None when there is none to show.
    """
    job = find((task, *(beside or {})), asked)
    if job is None:
        return None
    if job.finished:
        _ended(job, (beside or {}).get(job.task))
    else:
        every = speed.every(job)
        st.fragment(_watch, run_every=every)(job.id, every)
        _curve(job.id)
    batches.show(job, PARAMETER)
    return job


def find(known: Collection[str], asked: object = None) -> engine.Job | None:
    """The job to show, if it is one of these tasks of the page; see `show_job`, which also draws it."""
    name = st.query_params.get(PARAMETER)
    if not name and (browser_history.is_back_or_forward() or not navigation.came_from_elsewhere()):
        for task in known:
            close(task)  # a user went back to the page without it
        return None
    name = name or last_shown.newest(known)
    if not name:
        return None
    try:
        job = engine.connect().job(name, owner())
    except StudioError as error:
        for task in known:
            close(task)
        st.warning(words.plain(str(error)), icon=":material/search_off:")
        return None
    if job.task not in known:
        navigation.lead_to(job)
        return None
    if tasks.settings_of(job.task, job.settings) is None:
        close(job.task)
        told = "This result was made by another version of the studio, so it cannot be shown here."
        st.warning(f"{told} Open it in the gallery.", icon=":material/search_off:")
        return None
    # What was not shown a moment ago, opened by its address or on the way back to this page, is not asked for
    # by the form as it stands: not all that was asked for then is there again.
    arrived = navigation.came_from_elsewhere() or st.session_state.get(last_shown.key(job.task)) != name
    if arrived or not job.finished:
        st.session_state[_question(name)] = asked  # it stays in sight until something else is asked for
    elif st.session_state.setdefault(_question(name), asked) != asked:
        close(job.task)
        return None
    show(job)
    return job


def show_what_it_learns_from(job: engine.Job, chosen: Sequence[File]) -> None:
    """Says what a job learns from, and where that is not what is chosen now: else it would pass for that.

    Args:
        chosen: what the form would have learned from now, all of one slot; none for nothing yet.
    """
    st.subheader(words.plain(": ".join(filter(None, (job.title, words.made_of(job))))), anchor=False)
    kind = chosen[0].kind if chosen else ""
    given = next((files for files in job.inputs.values() if files and files[0].kind == kind), ())
    if given and {file.digest for file in given} != {file.digest for file in chosen}:
        these, those = (words.plain(", ".join(file.name for file in files)) for files in (given, chosen))
        st.info(
            f"This job uses {these}, not {those}, which {'is' if len(chosen) == 1 else 'are'} chosen now.",
            icon=":material/info:",
        )


def linked_job(capability: str) -> engine.Job | None:
    """The job that the address names, if it is of this capability; only the first time that it is named."""
    name, key = st.query_params.get(PARAMETER), keys.part(capability, "followed")
    if not name or st.session_state.get(key) == name:
        return None
    st.session_state[key] = name
    try:
        job = engine.connect().job(name, owner())
    except StudioError:
        return None  # said where the result would be
    return job if job.task.startswith(f"{capability}.") else None


def _question(name: str) -> str:
    return f"asked:{name}"


def _watch(name: str, every: float) -> None:
    job = engine.connect().job(name, owner())
    if job.finished or speed.every(job) != every:
        st.rerun()  # the interval belongs to the whole run
    content = job.inputs.get("content", [])
    with working(job, f"{job.title}, as it is so far"):
        if not job.preview and content:
            browser_images.content(content[0])
        report = job.report
        if report is not None and report.metrics:
            figures = [f"{name} {value:.3g}" for name, value in report.metrics.items() if "_" not in name]
            st.caption(" · ".join(figures[:5]))


@contextmanager
def working(job: engine.Job, caption: str) -> Iterator[None]:
    """How far a job is and what ends it, then its preview, all of it in sight; what is drawn within follows.

    Args:
        caption: of the preview.
    """
    with css.working():
        progress(job)
        if job.preview:
            browser_images.captioned(job.preview, width="stretch", caption=caption)
        yield


def progress(job: engine.Job) -> None:
    """How far a job is, next to the buttons that end it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(*bar.bar(job))
        if job.state in ("stopping", "canceling"):
            st.caption(words.STATES[job.state])
        elif job.state != "queued":  # what waits has nothing to keep: it can only be cancelled
            keeps: dict[str, Any] = {
                "icon": ":material/stop_circle:",
                "help": "Stops the job and keeps the best result so far",
            }
            st.button("Stop", key=f"stop_{job.id}", on_click=steering.stop, args=(job.id,), **keeps)
        if job.state != "canceling":
            drops: dict[str, Any] = {
                "icon": ":material/cancel:",
                "help": "Ends the job and keeps nothing",
                "type": "tertiary",
            }
            st.button("Cancel", key=f"cancel_{job.id}", on_click=steering.cancel, args=(job.id,), **drops)


@st.fragment(run_every=CURVE_SECONDS)
def _curve(name: str) -> None:
    job = engine.connect().job(name, owner())
    curves.losses(job.history)


def _ended(job: engine.Job, own: Callable[[engine.Job], None] | None = None) -> None:
    settings = tasks.get(job.task).settings.parse(job.settings)
    if job.result is None:
        failed(job, settings)
        return
    file = job.result.files[0]
    content = job.inputs.get("content", [])
    took = job.ended - job.started if job.started and job.ended else 0.0
    caption = captions.of_run(job, job.result, took)
    name = tasks.get(job.task).beside
    results.show_result(file, content[0] if content else None, key="result", caption=caption, name=name)
    with st.container(horizontal=True):
        if own is not None:
            own(job)
        if refill.can_refill(job, settings):
            help = "Loads the settings and images of this result into the form"
            st.button("Change", icon=":material/tune:", help=help, on_click=_refill, args=(job, settings))
        results.download_file(file, job.task, key=job.id, made=job.result.recipe)
        if st.button("Make again", icon=":material/refresh:"):
            start(job.task, settings, job.inputs, job.result.recipe)
        results.vary(
            settings,
            lambda changed: start(job.task, changed, job.inputs),
            key=job.id,
            all=lambda several: start_all(job.task, [(one, job.inputs) for one in several]),
        )
        if file.kind == "image":
            use_again.menu(lambda: file, key=job.id)
        close_button(job.task)
    results.recipe(job.task, settings, job.inputs, job.result.recipe)


def _refill(job: engine.Job, settings: Settings) -> None:
    refill.refill(job, settings)
    st.session_state.pop(_question(job.id), None)  # it stays in sight until something else is asked for


def failed(job: engine.Job, settings: Settings, again: str = "Run again", told: str = "") -> None:
    """Says why a job has no result, and offers to run it again.

    Args:
        again: what the button for that is called.
        told: what is said in place of the job's own error.
    """
    show_error = st.warning if job.state in ("interrupted", "cancelled") else st.error
    show_error(words.plain(told or job.error or words.STATES[job.state]), icon=":material/error:")
    with st.container(horizontal=True):
        if st.button(again, icon=":material/refresh:", type="primary"):
            start(job.task, settings, job.inputs)
        if st.button("Close", type="tertiary"):
            close(job.task)
            st.rerun()
