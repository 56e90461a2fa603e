"""Asking for a sweep: which one or two settings vary, and which of their values are tried."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import keys, words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.gallery import sweep
from studio.gallery.sweep_settings import SweepSettings

_HELP = "Values separated by commas, or LOW:HIGH:COUNT"


def ask(task: str, settings: Settings, start: Callable[[SweepSettings], None], *, key: str) -> None:
    """A menu that plans a sweep and starts it; nothing for what only waits for other jobs.

    Args:
        start: called with the plan. Not a callback: it may open another page.
    """
    known = {
        name: field for name, field in sweep.able(type(settings)).items() if name not in settings.ineffective
    }
    if tasks.get(task).lane == "drive" or not known:
        return
    with st.popover(
        "Sweep", icon=":material/grid_on:", help="Try values of one or two settings, all on one sheet"
    ):
        vary = [_axis(settings, known, "First", keys.part(key, "sweep_1"), "")]
        vary.append(_axis(settings, known, "Second", keys.part(key, "sweep_2"), "None"))
        plan = SweepSettings(task=task, base=settings.model_dump(mode="json"), vary=tuple(filter(None, vary)))
        try:
            count = sum(map(len, sweep.cells(plan)))
        except StudioError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
            return
        label = f"Make {count} on one sheet"
        if st.button(
            label, type="primary", icon=":material/grid_on:", key=keys.part(key, "sweep"), width="stretch"
        ):
            start(plan)


def _axis(settings: Settings, known: dict, title: str, key: str, none: str) -> str:
    """One setting and its values as a sweep takes them; "" for none."""
    names = ([""] if none else []) + list(known)
    name = st.selectbox(
        f"{title} setting",
        names,
        format_func=lambda name: known[name].title if name else none,
        key=key,
    )
    if not name:
        return ""
    usual = sweep.usual(known[name], getattr(settings, name))
    return f"{name}={st.text_input('Values', value=usual, key=keys.part(key, name), help=_HELP)}"
