"""The batch of a job, next to its result: links to its other jobs, and all results as a zip."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from pages.jobs import navigation, queue_controls
from pages.widgets import words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError
from studio.engine import Batch
from studio.gallery import export, items

WATCH_SECONDS = 1.0
_PAGE_KEY = "batch_page"


def show(job: engine.Job) -> None:
    """Shows the position of a job in its batch, if it has one, and the actions for the batch."""
    batch = _find_batch(job)
    if batch is None:
        return
    index, count = batch.jobs.index(job.id), len(batch.jobs)
    with st.container(horizontal=True, vertical_alignment="center", key="batch"):
        st.markdown(f"**{index + 1}** of {count} in this batch")
        st.session_state[_PAGE_KEY] = index + 1
        st.pagination(count, max_visible_pages=0, key=_PAGE_KEY, on_change=_open_job, args=(batch.jobs,))
        if batch.ended < count:
            st.button(
                "Stop all",
                icon=":material/stop_circle:",
                type="tertiary",
                key="batch_stop",
                on_click=queue_controls.stop_batch,
                args=(job.batch,),
            )
            _show_ended_count(job)
        elif batch.failed < count:
            owner_name = get_owner()
            st.download_button(
                f"Save {count - batch.failed} as zip",
                lambda: export.to_zip(items.find_complete(batch.jobs, owner_name)),
                file_name=words.make_file_name(f"{job.title.lower()} {time.strftime('%Y-%m-%d')}", ".zip"),
                mime="application/zip",
                icon=":material/folder_zip:",
                key="batch_save",
                on_click="ignore",
            )
        if batch.failed:
            st.caption(f"{batch.failed} have no result")


@st.fragment(run_every=WATCH_SECONDS)
def _show_ended_count(job: engine.Job) -> None:
    """Shows how many jobs have ended; reruns the page when all have."""
    batch = _find_batch(job)
    if batch is None or batch.ended == len(batch.jobs):
        st.rerun()
    st.caption(f"{batch.ended} of {len(batch.jobs)} have ended")


def _find_batch(job: engine.Job) -> Batch | None:
    with suppress(StudioError):
        batch = engine.connect().find_batch(job.batch, get_owner()) if job.batch else None
        return batch if batch and job.id in batch.jobs else None
    return None


def _open_job(job_ids: Sequence[str]) -> None:
    st.query_params[navigation.JOB_PARAMETER] = job_ids[st.session_state[_PAGE_KEY] - 1]
