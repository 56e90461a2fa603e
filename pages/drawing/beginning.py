"""What a training begins with: nothing, or a model that learns on or grows to twice its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.faces import models
from pages.form import forms, network_choice, sliders
from pages.widgets import words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.dcgan import generator as dcgan
from studio.run import input_files
from studio.vae import generator as vae

KEY, WAY = "start_with", "start_how"
ON, GROW = "on", "grow"
_FRESH = "Nothing: a new model"
_OF = "settings_of"  # of the session: the beginning whose settings the form was given
_STAYS = "The model that is there stays as it is."
# What it cannot be other than it was, of each kind: its shape, and what would begin anew beside it.
SHAPE: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: (*dcgan.SHAPE, "blocks", "palette", "loss"),
    vae.TASK: (*vae.SHAPE, "likelihood"),
}
# What it learnt with, and learns on with unless a person says otherwise.
LEARNT_WITH: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: ("bilateral", "dropout", "cutout", "gradient_penalty", "flip"),
    vae.TASK: ("beta", "free_bits", "perceptual", "adversarial", "perceptual_judge", "flip"),
}


@dataclass(frozen=True)
class Beginning:
    """What a training begins with, as the form and the job of the page take it.

    Attributes:
        inputs: the input that holds the model; empty for a new one.
        shape: settings that cannot be others, and so are not asked for.
        proposed: settings that the form begins with.
    """

    inputs: Inputs = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)


def choose(task: str) -> Beginning | None:
    """Lets a person choose a model to go on from, if there is one of this kind, and says what that means.

    None after saying what is wrong with the model.

    Args:
        task: of the training.
    """
    names = ["", *network_choice.made_by(task, models.presets_that_draw())]
    forms.choosing(KEY, names)
    name = st.selectbox(
        "Begin with",
        names,
        format_func=lambda name: models.title(name) if name else _FRESH,
        key=KEY,
        bind="query-params",
        help="A model that draws already usually learns sooner; it stays as it is, and a new one comes of it",
    )
    found = Beginning()
    if name:
        try:
            settings = presets.find(name).settings()
            inputs = input_files.to_start_from(task, name)
        except StudioError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
            return None
        models.about(name)
        found = _of(task, _way(settings), inputs)
    _carry(task, name, found)
    return found


def _of(task: str, settings: Settings, inputs: Inputs) -> Beginning:
    shape, proposed = (
        {name: getattr(settings, name) for name in names[task]} for names in (SHAPE, LEARNT_WITH)
    )
    return Beginning(inputs, shape, proposed)


def _way(settings: Any) -> Settings:
    """Asks whether a model learns on as it is, or grows, where it can; gives the settings of its shape."""
    larger = dcgan.grown(settings) if isinstance(settings, dcgan.TrainDcganSettings) else None
    on = f"It learns on at {settings.size} px. {_STAYS}"
    if larger is None:
        st.caption(on)
        return settings
    ways = {ON: f"Train on at {settings.size} px", GROW: f"Grow to {larger.size} px"}
    if forms.one_of("How", ways, key=WAY) == ON:
        st.caption(on)
        return settings
    st.caption(
        f"It draws the same pictures at first, enlarged, {settings.width // 2} channels wide where it had "
        f"{settings.width}. From yours it learns to enlarge well, and then the fine detail. {_STAYS}"
    )
    return larger


def _carry(task: str, name: str, found: Beginning) -> None:
    """Puts into the form what a model learnt with once it is chosen, and the defaults once it no longer is.

    What the address says when the page is opened is a person's own; another kind of model has a form of its
    own.
    """
    before = st.session_state.get(_OF)
    st.session_state[_OF] = task, name
    if before is None or before[0] != task or before[1] == name:
        return
    known = tasks.get(task).settings.described()
    for setting in LEARNT_WITH[task]:
        if setting in found.proposed or not name:
            sliders.put(setting, found.proposed.get(setting, known[setting].default))
