"""The job panel in the sidebar of every page: running, waiting and just finished jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages.form import samples
from pages.jobs import bar, steering
from pages.jobs.navigation import link_to
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core import amounts
from studio.core.errors import StudioError

BUSY_SECONDS = 1.0
IDLE_SECONDS = 15.0
JUST_FINISHED_SECONDS = 600
MOST_FINISHED = 3
THUMBNAIL = 64  # px


def job_panel() -> None:
    """Draws the job panel, which refreshes every second while jobs run, else every `IDLE_SECONDS`."""
    interval = BUSY_SECONDS if _is_active() else IDLE_SECONDS
    st.fragment(_draw, run_every=interval)(interval)


def _draw(interval: float) -> None:
    studio = engine.connect()
    if _is_active() != (interval == BUSY_SECONDS):
        st.rerun()  # only a new run of the page can change the interval
    _status(studio.status())
    jobs = _visible(studio.jobs(owner()))
    ordered = _in_order(jobs)
    waiting = [job for job in ordered if job.state == "queued"]
    with st.container(key="job_panel", gap="small"):
        if jobs:
            st.caption("Jobs", help=steering.HELP if waiting else None)
        has_others = len({job.unit for job in waiting if not job.paused}) > 1
        for job in _one_per_batch(ordered):
            first_waiting = next(
                (waiting_job for waiting_job in waiting if waiting_job.unit == job.unit), None
            )
            _row(job, first_waiting, has_others)


def _is_active() -> bool:
    studio = engine.connect()
    return _is_warming_up(studio.status()) or any(not job.finished for job in studio.jobs(owner()))


def _is_warming_up(status: str) -> bool:
    return status in ("starting", "warming up")


def _status(status: str) -> None:
    if _is_warming_up(status):
        st.caption(":material/local_fire_department: Warming up")
    elif status != "ready":
        st.error(f"The engine is {words.plain(status)}", icon=":material/error:")


def _visible(jobs: list[engine.Job]) -> list[engine.Job]:
    recent = time.time() - JUST_FINISHED_SECONDS
    ended = [job for job in jobs if job.finished and (job.ended or job.created) > recent]
    return [job for job in jobs if not job.finished] + ended[:MOST_FINISHED]


def _in_order(jobs: list[engine.Job]) -> list[engine.Job]:
    """Sorts jobs: running, waiting in the order of the queue, paused, ended."""
    ranks = {"running": 0, "stopping": 0, "canceling": 0, "queued": 1}
    return sorted(jobs, key=lambda job: (ranks.get(job.state, 3) + job.paused, job.place))


def _one_per_batch(jobs: list[engine.Job]) -> list[engine.Job]:
    """Returns the most advanced job of each batch, which stands for the batch."""
    firsts = {job.unit: job for job in reversed(jobs)}
    return [job for job in jobs if firsts[job.unit] is job]


def _row(job: engine.Job, first: engine.Job | None, has_others: bool) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        thumbnail = _thumbnail(job)
        if thumbnail:
            st.image(thumbnail, width=THUMBNAIL, alt="")
        text = st.container(gap="xxsmall")
    with text:
        batch = engine.connect().batch(job.batch, owner()) if job.batch else None
        progress_text = f" {batch.ended} of {len(batch.jobs)} ·" if batch else ""
        st.markdown(f"**{job.title}** ·{progress_text} {_state(job)}")
        report = job.report
        if job.state in ("running", "stopping") and report is not None and report.total:
            st.progress(report.share)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            link_to(job)
            if job.state in ("queued", "running"):
                key = f"job_panel_stop_{job.id}"
                label, end, unit = _end_action(job)
                st.button(label, key=key, type="tertiary", on_click=end, args=(unit,))
            if first is not None:
                steering.menu(first, has_others)


def _end_action(job: engine.Job) -> tuple[str, Callable[[str], None], str]:
    """Returns label, callback and its argument of the button that ends a job or its batch."""
    if job.batch:
        return "Stop all", steering.stop_batch, job.batch
    if job.state == "queued":  # it has no result to keep yet
        return "Cancel", steering.cancel, job.id
    return "Stop", steering.stop, job.id


def _state(job: engine.Job) -> str:
    if job.state == "queued":
        return steering.queue_position(job)
    if job.state == "running" and job.report is not None:
        if bar.is_download(job.report):
            return bar.download_text(job.report)
        return amounts.left(job.report.seconds_left) or words.plain(job.report.stage) or "starting"
    return job.stop_note or words.STATES[job.state].lower()


def _thumbnail(job: engine.Job) -> bytes | None:
    images = job.inputs.get("content") or [file for files in job.inputs.values() for file in files]
    # A deleted file must not break the job panel of every page.
    with suppress(StudioError):
        if job.result is not None and job.result.files:
            return samples.thumbnail_of(job.result.files[0])
        if job.preview:
            return job.preview
        if images and images[0].kind == "image":
            return samples.thumbnail_of(images[0])
    return None
