"""Recent results, newest first, each with its recipe."""

from __future__ import annotations

from itertools import islice

import streamlit as st

from pages.form import samples
from pages.jobs import commands, results
from pages.jobs.navigation import frame_task, link_to
from pages.widgets import browser_images, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError


def recent(*names: str, most: int = 6, title: str = "Recent results") -> None:
    """Shows the last results, if there are any.

    Args:
        names: of the tasks, also for videos with frames made by these tasks; none for all tasks.
        most: number of results.
        title: heading.
    """
    jobs_of_page = (
        job
        for job in engine.connect().jobs(owner(), limit=50)
        if not names or frame_task(job.task, job.settings) in names
    )
    finished_jobs = list(
        islice((job for job in jobs_of_page if job.result is not None and job.result.files), most)
    )
    if not finished_jobs:
        return
    st.subheader(title, anchor=False)
    with st.container(key="recent"):
        grid = st.grid(6, min_column_width=150)
    for job in finished_jobs:
        with grid.cell():
            _card(job)


def _card(job: engine.Job) -> None:
    try:
        thumbnail = samples.thumbnail_of(results.of_job(job).files[0])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    settings = tasks.settings_of(job.task, job.settings)
    video = ", a video" if results.of_job(job).files[0].kind == "animation" else ""
    caption = (words.made_of(job) or job.title) + video
    browser_images.captioned(thumbnail, width="stretch", caption=caption)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        link_to(job)
        settings_of_result = (
            results.actual_settings(settings, results.of_job(job).recipe) if settings else None
        )
        command = commands.line(job.task, settings_of_result, job.inputs) if settings_of_result else ""
        if command:
            with st.popover("Recipe", type="tertiary"):
                st.code(command, language="shell", wrap_lines=True)
