"""The form of a sweep: one or two settings to vary, and their values."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.widgets import keys, page_errors
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.gallery import sweep
from studio.gallery.sweep_settings import SweepSettings

_HELP = (
    "Values separated by commas, such as 0.2,0.5,1, or LOW:HIGH:COUNT, such as 0:1:5 for five values "
    "from 0 to 1"
)


def ask(task: str, settings: Settings, start: Callable[[SweepSettings], None], *, key: str) -> None:
    """Draws a menu that plans a sweep and starts it; nothing for tasks that only start other jobs.

    Args:
        task: to sweep.
        settings: that stay the same.
        start: called with the plan. Not a callback: it may open another page.
        key: of the menu.
    """
    fields = {
        name: field
        for name, field in sweep.list_sweepable_settings(type(settings)).items()
        if name not in settings.ineffective_settings
    }
    if tasks.get(task).lane == "drive" or not fields:
        return
    with st.popover(
        "Sweep",
        icon=":material/grid_on:",
        help="Tries several values of one or two settings and shows all results in one grid",
    ):
        axes = [_ask_axis(settings, fields, "First", keys.part(key, "sweep_1"), "")]
        axes.append(_ask_axis(settings, fields, "Second", keys.part(key, "sweep_2"), "None"))
        plan = SweepSettings(task=task, base=settings.model_dump(mode="json"), vary=tuple(filter(None, axes)))
        try:
            count = sum(map(len, sweep.make_cells(plan)))
        except StudioError as error:
            page_errors.show_error(error)
            return
        label = f"Make {count} on one sheet"
        if st.button(
            label, type="primary", icon=":material/grid_on:", key=keys.part(key, "sweep"), width="stretch"
        ):
            start(plan)


def _ask_axis(settings: Settings, fields: dict, title: str, key: str, no_setting: str) -> str:
    """Asks for a setting and its values. Returns them in the form of a sweep; "" for none."""
    names = ([""] if no_setting else []) + list(fields)
    name = st.selectbox(
        f"{title} setting",
        names,
        format_func=lambda name: fields[name].title if name else no_setting,
        key=key,
    )
    if not name:
        return ""
    default = sweep.suggest_values(fields[name], getattr(settings, name))
    return f"{name}={st.text_input('Values', value=default, key=keys.part(key, name), help=_HELP)}"
