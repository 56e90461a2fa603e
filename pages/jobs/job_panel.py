"""The job panel in the sidebar of every page: running, waiting and just finished jobs; the line of a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages.form import samples
from pages.jobs import progress_texts, queue_controls
from pages.jobs.navigation import JOB_PARAMETER, is_current, page_of, show_link
from pages.widgets import words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import amounts
from studio.core.errors import StudioError

BUSY_SECONDS = 2.0  # a refresh takes the browser a tenth to a third of a second
IDLE_SECONDS = 15.0
JUST_FINISHED_SECONDS = 600
MAX_FINISHED = 3
THUMBNAIL_WIDTH = 64  # px
# In the session: ids of the jobs that had not ended at the last call, and units of those that ended unseen.
_UNFINISHED_KEY, _UNSEEN_KEY = "unfinished_jobs", "unseen_jobs"


def show_job_panel() -> None:
    """Draws the job panel, which refreshes every `BUSY_SECONDS` while jobs run, else every `IDLE_SECONDS`."""
    interval = BUSY_SECONDS if _is_active() else IDLE_SECONDS
    st.fragment(_draw_panel, run_every=interval)(interval)


def show_job_line() -> None:
    """Draws the running job above the page, for windows that hide the sidebar; see `all_pages.css`.

    It draws a container in any case: if that came and went, the browser would build the whole page again.
    """
    with st.container(key="job_line"):
        if any(not job.finished for job in engine.connect().list_jobs(get_owner())):
            st.fragment(_draw_line, run_every=BUSY_SECONDS)()


def _draw_line() -> None:
    shown_on_page = st.query_params.get(JOB_PARAMETER)
    jobs = _sort_by_state(engine.connect().list_jobs(get_owner()))
    running = (job for job in jobs if not job.finished and job.state != "queued")
    job = next((job for job in running if job.id != shown_on_page), None)
    if job is None:
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        share = job.report.share if job.report is not None and job.report.total else 0.0
        st.progress(share, f"**{job.title}** · {_describe_state(job)}")
        show_link(job)
        if job.state == "running":
            _show_end_button(job, f"job_line_stop_{job.id}")


def _draw_panel(interval_seconds: float) -> None:
    studio = engine.connect()
    if _is_active() != (interval_seconds == BUSY_SECONDS):
        st.rerun()  # only a new run of the page can change the interval
    _show_status(studio.status())
    all_jobs = studio.list_jobs(get_owner())
    unseen_units = _announce_ended(all_jobs)
    jobs = _list_visible_jobs(all_jobs)
    ordered = _sort_by_state(jobs)
    waiting = [job for job in ordered if job.state == "queued"]
    with st.container(key="job_panel", gap="small"):
        if jobs:
            st.caption("Jobs", help=queue_controls.HELP if waiting else None)
        has_others = len({job.unit for job in waiting if not job.paused}) > 1
        rows = _select_one_per_batch(ordered)
        is_pinned = {job.unit: not job.finished or job.unit in unseen_units for job in rows}
        # The style sheet keeps the panel in sight while a container of this key exists.
        pinned_area = (
            st.container(key="active_jobs", gap="small") if any(is_pinned.values()) else st.container()
        )
        for job in rows:
            first_waiting = next(
                (waiting_job for waiting_job in waiting if waiting_job.unit == job.unit), None
            )
            with pinned_area if is_pinned[job.unit] else st.container():
                _show_row(job, first_waiting, has_others)


def _announce_ended(jobs: list[engine.Job]) -> set[str]:
    """Announces jobs of other pages that have ended since the last call in this tab.

    Returns the units of those whose page the user has not opened since.
    """
    unfinished_ids = st.session_state.get(_UNFINISHED_KEY, set())
    st.session_state[_UNFINISHED_KEY] = {job.id for job in jobs if not job.finished}
    active_units = {job.unit for job in jobs if not job.finished}
    unseen_units: set[str] = st.session_state.setdefault(_UNSEEN_KEY, set())
    unseen_units.difference_update([job.unit for job in jobs if _is_page_open(job)])
    ended = [job for job in jobs if job.id in unfinished_ids and job.finished and job.state != "cancelled"]
    for job in _select_one_per_batch(ended):
        if job.unit not in active_units and not _is_page_open(job):
            unseen_units.add(job.unit)
            icon = ":material/check_circle:" if job.state in ("done", "stopped") else ":material/error:"
            state = _describe_state(job).removesuffix(".")
            text = f"**{job.title}** · {state}. See it under Jobs in the sidebar."
            st.toast(text, icon=icon, duration="long")
    return unseen_units


def _is_page_open(job: engine.Job) -> bool:
    return is_current(page_of(job.task, job.settings))


def _is_active() -> bool:
    studio = engine.connect()
    return _is_warming_up(studio.status()) or any(not job.finished for job in studio.list_jobs(get_owner()))


def _is_warming_up(status: str) -> bool:
    return status in ("starting", "warming up")


def _show_status(status: str) -> None:
    if _is_warming_up(status):
        st.caption(":material/local_fire_department: Warming up")
    elif status != "ready":
        st.error(f"The engine is {words.escape(status)}", icon=":material/error:")


def _list_visible_jobs(jobs: list[engine.Job]) -> list[engine.Job]:
    recent = time.time() - JUST_FINISHED_SECONDS
    ended = [job for job in jobs if job.finished and (job.ended or job.created) > recent]
    return [job for job in jobs if not job.finished] + ended[:MAX_FINISHED]


def _sort_by_state(jobs: list[engine.Job]) -> list[engine.Job]:
    """Sorts jobs: running, waiting in the order of the queue, paused, ended."""
    ranks = {"running": 0, "stopping": 0, "canceling": 0, "queued": 1}
    return sorted(jobs, key=lambda job: (ranks.get(job.state, 3) + job.paused, job.place))


def _select_one_per_batch(jobs: list[engine.Job]) -> list[engine.Job]:
    """Returns the most advanced job of each batch, which stands for the batch."""
    firsts = {job.unit: job for job in reversed(jobs)}
    return [job for job in jobs if firsts[job.unit] is job]


def _show_row(job: engine.Job, first: engine.Job | None, has_others: bool) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        thumbnail = _find_thumbnail(job)
        if thumbnail:
            st.image(thumbnail, width=THUMBNAIL_WIDTH, alt="")
        text = st.container(gap="xxsmall")
    with text:
        batch = engine.connect().find_batch(job.batch, get_owner()) if job.batch else None
        progress_text = f" {batch.ended} of {len(batch.jobs)} ·" if batch else ""
        st.markdown(f"**{job.title}** ·{progress_text} {_describe_state(job)}")
        report = job.report
        if job.state in ("running", "stopping") and report is not None and report.total:
            st.progress(report.share)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            show_link(job)
            if job.state in ("queued", "running"):
                _show_end_button(job, f"job_panel_stop_{job.id}")
            if first is not None:
                queue_controls.show_menu(first, has_others)


def _show_end_button(job: engine.Job, key: str) -> None:
    label, end, unit = _choose_end_action(job)
    st.button(label, key=key, type="tertiary", on_click=end, args=(unit,))


def _choose_end_action(job: engine.Job) -> tuple[str, Callable[[str], None], str]:
    """Returns label, callback and its argument of the button that ends a job or its batch."""
    if job.batch:
        return "Stop all", queue_controls.stop_batch, job.batch
    if job.state == "queued":  # it has no result to keep yet
        return "Cancel", queue_controls.cancel, job.id
    return "Stop", queue_controls.stop, job.id


def _describe_state(job: engine.Job) -> str:
    if job.state == "queued":
        return queue_controls.queue_position(job)
    if job.state == "running" and job.report is not None:
        if job.report.counts_bytes:
            return progress_texts.describe_download(job.report)
        return (
            amounts.format_time_left(job.report.seconds_left)
            or words.escape(job.report.stage)
            or (f"step {job.report.step:,} of {job.report.total:,}" if job.report.step else "starting")
        )
    return job.stop_note or words.STATES[job.state].lower()


def _find_thumbnail(job: engine.Job) -> bytes | None:
    images = job.inputs.get("content") or [file for files in job.inputs.values() for file in files]
    # A deleted file must not break the job panel of every page.
    with suppress(StudioError):
        if job.result is not None and job.result.files:
            return samples.make_thumbnail(job.result.files[0])
        if job.preview:
            return job.preview
        if images and images[0].kind == "image":
            return samples.make_thumbnail(images[0])
    return None
