"""Variants: small drafts with different seeds, in a grid; the form takes the seed of the best one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from pages.form import seeds
from pages.jobs import queue_controls, refill
from pages.jobs.starting import start_all
from pages.widgets import browser_images, css, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.engine import Batch

COUNT = 4
SIZE = 256  # px: largest longer side of a draft
WATCH_SECONDS = 1.0
_COLUMNS, _MIN_COLUMN_WIDTH = 2, 130  # px


def start(task: str, settings: Settings, inputs: Inputs) -> None:
    """Starts small drafts with `COUNT` seeds as one batch, and shows them.

    Args:
        task: of the drafts; its settings have a size and a seed.
        settings: of the form.
        inputs: of the drafts.
    """
    size = min(settings.model_dump()["size"], SIZE)
    drafts = [settings.model_copy(update={"size": size, "seed": seed}) for seed in seeds.draw(COUNT)]
    start_all(task, [(draft, inputs) for draft in drafts], refill.DRAFT_BATCH, ignore_seed=True)


def show(job: engine.Job, on_choose: Callable[[], None]) -> None:
    """Shows all drafts of a batch in a grid, while they run and afterwards.

    Args:
        job: one of the drafts.
        on_choose: called before the form takes a seed, in a callback.
    """
    batch = engine.connect().find_batch(job.batch, get_owner())
    if batch.ended < len(batch.jobs):
        st.fragment(_show_running, run_every=WATCH_SECONDS)(job.batch, on_choose)
    else:
        _draw_grid(batch, on_choose)


def _show_running(batch_id: str, on_choose: Callable[[], None]) -> None:
    batch = engine.connect().find_batch(batch_id, get_owner())
    count = len(batch.jobs)
    if batch.ended == count:
        st.rerun()
    with css.create_progress_area():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(batch.ended / count, f"{batch.ended - batch.failed} of {count} drafts are done")
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                help="Stops the drafts and keeps those that are done",
                on_click=queue_controls.stop_batch,
                args=(batch_id,),
            )
            st.button(
                "Cancel",
                icon=":material/cancel:",
                type="tertiary",
                help="Stops the drafts that are not done and discards them",
                on_click=queue_controls.cancel_batch,
                args=(batch_id,),
            )
        _draw_grid(batch, on_choose)


def _draw_grid(batch: Batch, on_choose: Callable[[], None]) -> None:
    with st.container(key="variants", gap="small"):
        grid = st.grid(_COLUMNS, min_column_width=_MIN_COLUMN_WIDTH)
        for job_id in batch.jobs:
            with grid.cell(), suppress(StudioError):  # a draft was deleted
                _draw_cell(engine.connect().find_job(job_id, get_owner()), on_choose)
        st.caption("Small drafts. Use the seed of the best one, then press Start for the full result.")


def _draw_cell(job: engine.Job, on_choose: Callable[[], None]) -> None:
    """Draws a draft, or the image it begins with, which has the same shape, so that nothing moves."""
    seed = int(job.settings[seeds.FIELD])
    file = job.result.files[0] if job.result else job.inputs["content"][0]
    state = "" if job.result else f" · {job.error or words.STATES[job.state]}"
    browser_images.show_image(file, caption=f"Seed {seed}{state}")
    is_chosen = seeds.is_kept() and st.session_state.get(seeds.FIELD) == seed
    st.button(
        f"Use seed {seed}",
        key=f"use_seed_{job.id}",
        icon=":material/check:" if is_chosen else None,
        disabled=job.result is None,
        on_click=_choose,
        args=(seed, on_choose),
    )


def _choose(seed: int, on_choose: Callable[[], None]) -> None:
    on_choose()
    seeds.set_and_keep(seed)
