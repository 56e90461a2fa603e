"""Recent results, newest first, each with its recipe."""

from __future__ import annotations

import time
from itertools import islice

import streamlit as st

from pages.form import samples
from pages.jobs import commands, results
from pages.jobs.navigation import frame_task, show_link
from pages.widgets import browser_images, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError


def show_recent(*task_names: str, max_results: int = 6, title: str = "Recent results") -> None:
    """Shows the newest results, if there are any.

    Args:
        task_names: of the tasks, also for videos with frames made by these tasks; none for all tasks.
        max_results: number of results.
        title: heading.
    """
    jobs_of_page = (
        job
        for job in engine.connect().list_jobs(get_owner(), limit=50)
        if not task_names or frame_task(job.task, job.settings) in task_names
    )
    finished_jobs = list(
        islice((job for job in jobs_of_page if job.result is not None and job.result.files), max_results)
    )
    if not finished_jobs:
        return
    st.subheader(title, anchor=False)
    with st.container(key="recent"):
        grid = st.grid(6, min_column_width=150)
    for job in finished_jobs:
        with grid.cell():
            _show_card(job)


def _show_card(job: engine.Job) -> None:
    try:
        thumbnail = samples.make_thumbnail(results.result_of(job).files[0])
    except StudioError as error:
        st.caption(words.escape(str(error)))
        return
    settings = tasks.parse_saved_settings(job.task, job.settings)
    video = ", a video" if results.result_of(job).files[0].kind == "animation" else ""
    date = time.strftime("%d %b, %H:%M", time.localtime(job.ended)).lstrip("0")
    caption = f"{words.describe_inputs(job) or job.title}{video} · {date}"
    browser_images.show_with_caption(thumbnail, width="stretch", caption=caption)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_link(job)
        settings_of_result = (
            results.actual_settings(settings, results.result_of(job).recipe) if settings else None
        )
        command = (
            commands.format_command(job.task, settings_of_result, job.inputs) if settings_of_result else ""
        )
        if command:
            with st.popover("Recipe", type="tertiary"):
                st.code(command, language="shell", wrap_lines=True)
