"""The half of the playground that separates points in the plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.form import forms
from pages.playground import learning, points_canvas
from pages.widgets import browser_images
from studio import engine
from studio.core.tasks import Inputs
from studio.playground.settings import ClassificationSettings

TASK = "playground.classify"
OWN_KEY = "own"  # of the switch and in the address
_MAX_LIVE_STEPS = 20_000  # longer runs need Start, so other users get their turn
_DATA_FIELDS = ("data", "noise", "points")
_GUIDE = (
    "From left to right: the input features, the units of each hidden layer, and the output with the points. "
    "Each square shows the output of one unit over the plane: orange is positive, blue negative. Lines are "
    "weights. Disks are training points, rings held-out points."
)


def ask() -> learning.Request:
    """Draws the form."""
    st.caption("Watch a tiny network separate two classes. Change a setting and training restarts.")
    is_own = st.toggle(
        "Your own points",
        key=OWN_KEY,
        bind="query-params",
        help="Click into the plane to place points, in place of a data set",
    )
    file = points_canvas.ask() if is_own else None
    settings = forms.ask_settings(
        ClassificationSettings, skip=_DATA_FIELDS if is_own else (), seed_mode="kept"
    )
    inputs = None if is_own and file is None else {"points": [file]} if file else {}
    is_live = settings is not None and not settings.frames and settings.steps <= _MAX_LIVE_STEPS
    return learning.Request(VIEW, ClassificationSettings, settings, inputs, is_live, (settings, inputs))


def clear() -> None:
    """Switches back to a data set. Call it before the form is drawn."""
    st.session_state[OWN_KEY] = False


def fill(job: engine.Job, _settings: ClassificationSettings) -> None:
    """Fills the form with the points of a job. Call it from a callback."""
    files = job.inputs.get("points", ())
    st.session_state[OWN_KEY] = bool(files)
    if files:
        points_canvas.load_file(files[0])


def show_missing() -> None:
    """Says what the form still needs."""
    st.info("Place at least two points of each class; training then starts.", icon=":material/ads_click:")


def _describe_metrics(settings: ClassificationSettings, metrics: Mapping[str, Any]) -> str:
    """Returns metrics or figures in one line."""
    line = f"{settings.parameters:,} parameters · {metrics['accuracy_training']:.0%} of training points"
    if metrics.get("accuracy_held_out") is not None:
        line += f" and {metrics['accuracy_held_out']:.0%} of held-out points"
    return f"{line} on the right side of the boundary."


def _show_placeholder(_inputs: Inputs) -> None:
    st.caption("The diagram of the network appears with the first step.")


def _show_image(_inputs: Inputs, result: engine.Live, caption: str) -> None:
    browser_images.show_image(result.data, caption=caption)
    st.caption(_GUIDE)


VIEW = learning.View(
    task=TASK,
    samples="points",
    alt="Decision boundary of the network, and the output of each unit",
    show_placeholder=_show_placeholder,
    describe_metrics=_describe_metrics,
    show_image=_show_image,
)
