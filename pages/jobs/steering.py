"""The queue as a user sees and steers it: a job's place, when it begins, and the menu that moves it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core import amounts
from studio.core.errors import StudioError
from studio.engine.jobs.queue import RULE

HELP = f"{RULE} Estimates are based on earlier jobs on this machine."
UP, FRONT, PAUSE, RESUME = "Move up", "Move to the front", "Pause", "Resume"


def waits(job: engine.Job) -> str:
    """The place of a waiting job, and when it begins where that is known: "number 2 in the queue, in ..."."""
    if job.paused:
        return "paused"
    place = f"number {job.place} in the queue"
    return place if job.starts_in is None else f"{place}, in {amounts.about(job.starts_in)}"


def menu(job: engine.Job, others: bool) -> None:
    """Draws the menu of a waiting job.

    Args:
        others: whether other jobs of this person wait, too.
    """
    moves = (UP, FRONT) if others and job.place > 1 else ()
    key = f"job_panel_order_{job.id}"
    st.menu_button(
        "Order",
        [RESUME] if job.paused else [*moves, PAUSE],
        key=key,
        type="tertiary",
        on_click=lambda: steer(job.id, st.session_state[key]),
    )


def stop(id: str) -> None:
    """Asks a job to stop and to keep its best so far. Call it from a callback."""
    _change(engine.connect().stop, id)


def cancel(id: str) -> None:
    """Ends a job and keeps nothing of it. Call it from a callback."""
    _change(engine.connect().cancel, id)


def stop_batch(batch: str) -> None:
    """Asks all jobs of a batch to stop; each keeps its best so far. Call it from a callback."""
    _change(engine.connect().stop_batch, batch)


def steer(id: str, choice: str | None) -> None:
    """Does what was chosen of the menu. Call it from a callback."""
    studio = engine.connect()
    if choice == PAUSE:
        _change(studio.pause, id)
    elif choice == RESUME:
        _change(studio.resume, id)
    elif choice in (UP, FRONT):
        _change(studio.move, id, "up" if choice == UP else "front")


def _change(change: Callable[..., object], *args: str) -> None:
    try:
        change(*args, owner())
    except StudioError as error:  # it began or ended meanwhile
        st.toast(words.plain(str(error)))
