"""What Start will make, and about how long that takes here; before a first dream also the chosen picture."""

from __future__ import annotations

import streamlit as st

from pages.parts import downloads, shown, wishes
from studio.core import amounts, room, tasks
from studio.core.errors import NoRoom
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.dream.settings import DreamSettings


def takes(task: str, settings: Settings, inputs: Inputs) -> str:
    """Says what a job takes: ", which takes about 2 minutes here, and 1.6 GiB of memory".

    "" where that is not known; of a job that does not fit into the memory, that and what would.
    """
    found = tasks.get(task)
    try:
        memory = tasks.check_room(found, settings, inputs, room.JOB_SHARE)
    except NoRoom as error:
        return f". {str(error).removesuffix('.')}"
    seconds = tasks.expected(found, settings, inputs)
    if seconds is None:
        return ""
    also = f", and {room.gib(memory)} of memory" if memory else ""
    return f", which takes {amounts.about(seconds)} here{also}"


def before_start(content: File, settings: DreamSettings | None) -> None:
    """Shows the picture large, with one line below it."""
    shown.content(content)
    if settings is not None:
        st.markdown(_line(content, settings))
        downloads.first_run([wishes.network(settings)])


def _line(content: File, settings: DreamSettings) -> str:
    what = "lets the network dream into it"
    if settings.zoom:
        length = amounts.duration(max(settings.zoom / settings.fps, 1))
        what = f"makes a film of {settings.zoom} frames, {length} long"
    return f"**Start** {what}{takes('dream.ascend', settings, {'content': [content]})}."
