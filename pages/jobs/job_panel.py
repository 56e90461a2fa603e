"""The job panel in the sidebar: what runs, what waits, what was just finished, on every page."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages.form import samples
from pages.jobs import bar, steering
from pages.jobs.navigation import opening
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
    """Draws the job panel; it renews itself each second while something is under way, else only now and
    then.
    """
    every = BUSY_SECONDS if _under_way() else IDLE_SECONDS
    st.fragment(_draw, run_every=every)(every)


def _draw(every: float) -> None:
    studio = engine.connect()
    if _under_way() != (every == BUSY_SECONDS):
        st.rerun()  # the interval belongs to the whole run
    _status(studio.status())
    found = _shown(studio.jobs(owner()))
    in_turn = _in_turn(found)
    wait = [job for job in in_turn if job.state == "queued"]
    with st.container(key="job_panel", gap="small"):
        if found:
            st.caption("Jobs", help=steering.HELP if wait else None)
        others = len({job.unit for job in wait if not job.paused}) > 1
        for job in _one_a_batch(in_turn):
            first = next((one for one in wait if one.unit == job.unit), None)
            _row(job, first, others)


def _under_way() -> bool:
    studio = engine.connect()
    return _warming(studio.status()) or any(not job.finished for job in studio.jobs(owner()))


def _warming(status: str) -> bool:
    return status in ("starting", "warming up")


def _status(status: str) -> None:
    if _warming(status):
        st.caption(":material/local_fire_department: Warming up")
    elif status != "ready":
        st.error(f"The engine is {words.plain(status)}", icon=":material/error:")


def _shown(found: list[engine.Job]) -> list[engine.Job]:
    recent = time.time() - JUST_FINISHED_SECONDS
    ended = [job for job in found if job.finished and (job.ended or job.created) > recent]
    return [job for job in found if not job.finished] + ended[:MOST_FINISHED]


def _in_turn(found: list[engine.Job]) -> list[engine.Job]:
    """What waits as it will run, below what runs; the paused ones and what has ended after it."""
    ranks = {"running": 0, "stopping": 0, "canceling": 0, "queued": 1}
    return sorted(found, key=lambda job: (ranks.get(job.state, 3) + job.paused, job.place))


def _one_a_batch(found: list[engine.Job]) -> list[engine.Job]:
    """Of each batch the job that is furthest, which stands for all of it."""
    firsts = {job.unit: job for job in reversed(found)}
    return [job for job in found if firsts[job.unit] is job]


def _row(job: engine.Job, first: engine.Job | None, others: bool) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        thumbnail = _thumbnail(job)
        if thumbnail:
            st.image(thumbnail, width=THUMBNAIL, alt="")
        text = st.container(gap="xxsmall")
    with text:
        batch = engine.connect().batch(job.batch, owner()) if job.batch else None
        many = f" {batch.ended} of {len(batch.jobs)} ·" if batch else ""
        st.markdown(f"**{job.title}** ·{many} {_state(job)}")
        report = job.report
        if job.state in ("running", "stopping") and report is not None and report.total:
            st.progress(report.share)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            opening(job)
            if job.state in ("queued", "running"):
                key = f"job_panel_stop_{job.id}"
                label, end, unit = _ending(job)
                st.button(label, key=key, type="tertiary", on_click=end, args=(unit,))
            if first is not None:
                steering.menu(first, others)


def _ending(job: engine.Job) -> tuple[str, Callable[[str], None], str]:
    """The button that ends a job or its batch: its label, what it calls, and the id that it calls it with."""
    if job.batch:
        return "Stop all", steering.stop_batch, job.batch
    if job.state == "queued":  # there is nothing to keep yet
        return "Cancel", steering.cancel, job.id
    return "Stop", steering.stop, job.id


def _state(job: engine.Job) -> str:
    if job.state == "queued":
        return steering.waits(job)
    if job.state == "running" and job.report is not None:
        if bar.fetches(job.report):
            return bar.fetching(job.report)
        return amounts.left(job.report.seconds_left) or words.plain(job.report.stage) or "starting"
    return job.kept or words.STATES[job.state].lower()


def _thumbnail(job: engine.Job) -> bytes | None:
    images = job.inputs.get("content") or [file for files in job.inputs.values() for file in files]
    # a file that was removed since must not take the job panel of every page along
    with suppress(StudioError):
        if job.result is not None and job.result.files:
            return samples.small(job.result.files[0])
        if job.preview:
            return job.preview
        if images and images[0].kind == "image":
            return samples.small(images[0])
    return None
