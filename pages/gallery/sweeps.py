"""Running jobs that open in the gallery, such as sweeps, and the cells of a finished sweep."""

from __future__ import annotations

import streamlit as st

from pages.form import samples
from pages.gallery import address, outside_file
from pages.jobs import jobs, navigation
from pages.widgets import browser_images, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.gallery.items import Item

COLUMNS = 6  # cells in a row


def show_running_job() -> bool:
    """Shows the job of the address while it runs; opens its result once it has finished.

    Returns:
        Whether the job is still running.
    """
    job_id = st.query_params.get(navigation.JOB_PARAMETER)
    if not job_id:
        return False
    try:
        job = engine.connect().find_job(job_id, get_owner())
    except StudioError:
        job = None
    if job is not None and not job.finished:
        outside_file.close()
        jobs.watch(job, _show_progress)
        return True
    if (
        job is not None
        and job.result is None
        and (settings := tasks.parse_saved_settings(job.task, job.settings))
    ):
        jobs.show_failure(job, settings)  # Keep the address: the retry button needs it.
        return False
    st.query_params.pop(navigation.JOB_PARAMETER, None)
    if job is not None and job.result is not None:
        outside_file.close()
        address.open_item(job.id)
    return False


def _show_progress(job: engine.Job) -> None:
    with jobs.show_running(job, f"{job.title}, so far"):
        if job.report is not None and job.report.text:
            st.caption(words.escape(job.report.text))


def show_cells(item: Item) -> None:
    """Draws the cells of a sweep, each with its own recipe; nothing for other items."""
    cells = [cell for cell in item.result.figures.get("cells", ()) if isinstance(cell, dict)]
    files = {file.digest: file for file in item.result.files[1:]}
    if not files:
        return
    st.subheader("Cells", anchor=False)
    grid = st.grid(COLUMNS, min_column_width=130)
    for number, cell in enumerate(cells):
        file = files.get(str(cell.get("digest")))
        with grid.cell():
            if file is None or not file.is_available:
                st.caption(words.escape(str(cell.get("error") or "This result is no longer here.")))
                continue
            browser_images.show_with_caption(
                samples.make_thumbnail(file), width="stretch", caption=str(cell.get("label", ""))
            )
            st.button(
                "Look",
                key=f"cell_{number}",
                type="tertiary",
                icon=":material/zoom_in:",
                on_click=outside_file.open_stored,
                args=(file, item.recipe_of(file)),
            )
