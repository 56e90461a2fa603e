"""Queue controls: the position of a job, its estimated start, and actions that move, pause or end it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import amounts
from studio.core.errors import StudioError
from studio.engine.jobs.queue import RULE

HELP = f"{RULE} Estimates are based on earlier jobs on this machine."
UP, FRONT, PAUSE, RESUME = "Move up", "Move to the front", "Pause", "Resume"


def queue_position(job: engine.Job) -> str:
    """Returns the position and estimated start of a waiting job: "number 2 in the queue, in ..."."""
    if job.paused:
        return "paused"
    position = f"number {job.place} in the queue"
    return position if job.starts_in is None else f"{position}, in {amounts.format_estimate(job.starts_in)}"


def show_menu(job: engine.Job, has_others: bool) -> None:
    """Draws the menu of a waiting job.

    Args:
        job: that waits.
        has_others: whether other jobs of this user wait, too.
    """
    moves = (UP, FRONT) if has_others and job.place > 1 else ()
    key = f"job_panel_order_{job.id}"
    st.menu_button(
        "Order",
        [RESUME] if job.paused else [*moves, PAUSE],
        key=key,
        type="tertiary",
        on_click=lambda: apply_choice(job.id, st.session_state[key]),
    )


def stop(job_id: str) -> None:
    """Stops a job, which keeps its best result so far. Call it from a callback."""
    _call_engine(engine.connect().stop, job_id)


def cancel(job_id: str) -> None:
    """Cancels a job without a result. Call it from a callback."""
    _call_engine(engine.connect().cancel, job_id)


def stop_batch(batch: str) -> None:
    """Stops all jobs of a batch, which keep their best results so far. Call it from a callback."""
    _call_engine(engine.connect().stop_batch, batch)


def cancel_batch(batch: str) -> None:
    """Cancels all unfinished jobs of a batch, which keep nothing. Call it from a callback."""
    _call_engine(engine.connect().cancel_batch, batch)


def apply_choice(job_id: str, choice: str | None) -> None:
    """Moves, pauses or resumes a job as chosen in the menu. Call it from a callback."""
    studio = engine.connect()
    if choice == PAUSE:
        _call_engine(studio.pause, job_id)
    elif choice == RESUME:
        _call_engine(studio.resume, job_id)
    elif choice in (UP, FRONT):
        _call_engine(studio.move, job_id, "up" if choice == UP else "front")


def _call_engine(change_job: Callable[..., object], *args: str) -> None:
    try:
        change_job(*args, get_owner())
    except StudioError as error:  # it began or ended meanwhile
        st.toast(words.escape(str(error)))
