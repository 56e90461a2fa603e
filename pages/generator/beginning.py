"""What training starts from: nothing, or a model to fine-tune or to grow to twice its size."""

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
_FRESH = "A new model"
_OF = "settings_of"  # of the session: the beginning whose settings the form was given
_STAYS = "The original model stays unchanged."
# Settings that a model started from decides: its shape, and those whose change would restart training.
SHAPE: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: (*dcgan.SHAPE, "blocks", "palette", "loss"),
    vae.TASK: (*vae.SHAPE, "likelihood"),
}
# Settings that a model was trained with, proposed for its fine-tuning.
LEARNED_WITH: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: ("bilateral", "dropout", "cutout", "gradient_penalty", "flip"),
    vae.TASK: ("beta", "free_bits", "perceptual", "adversarial", "vgg16_discriminator", "flip"),
}


@dataclass(frozen=True)
class Beginning:
    """What training starts from, for the form and the job of the page.

    Attributes:
        inputs: the input that holds the model; empty for a new model.
        shape: settings that the model decides, so the form does not ask for them.
        proposed: initial values of the form.
    """

    inputs: Inputs = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)


def choose(task: str) -> Beginning | None:
    """Lets a user choose a model to continue from, if there is one of this kind, and says what that means.

    None after saying what is wrong with the model.

    Args:
        task: of the training.
    """
    names = ["", *network_choice.made_by(task, models.presets_that_draw())]
    forms.choosing(KEY, names)
    name = st.selectbox(
        "Start from",
        names,
        format_func=lambda name: models.title(name) if name else _FRESH,
        key=KEY,
        bind="query-params",
        help="Fine-tuning an existing generator is usually faster. The original stays unchanged.",
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
        {name: getattr(settings, name) for name in names[task]} for names in (SHAPE, LEARNED_WITH)
    )
    return Beginning(inputs, shape, proposed)


def _way(settings: Any) -> Settings:
    """Asks whether to fine-tune a model at its size or to grow it; gives the settings of its shape."""
    larger = dcgan.grown(settings) if isinstance(settings, dcgan.TrainDcganSettings) else None
    on = f"Training continues at {settings.size} px. {_STAYS}"
    if larger is None:
        st.caption(on)
        return settings
    ways = {ON: f"Train on at {settings.size} px", GROW: f"Grow to {larger.size} px"}
    if forms.one_of("How", ways, key=WAY) == ON:
        st.caption(on)
        return settings
    st.caption(
        f"At first the model generates the same images, upscaled, with {settings.width // 2} channels "
        f"instead of {settings.width}. It learns to upscale, then to add fine detail. {_STAYS}"
    )
    return larger


def _carry(task: str, name: str, found: Beginning) -> None:
    """Sets the form to the training settings of a model once it is chosen, and back to the defaults after.

    Settings in the address of the page take precedence; each kind of model has its own form.
    """
    before = st.session_state.get(_OF)
    st.session_state[_OF] = task, name
    if before is None or before[0] != task or before[1] == name:
        return
    known = tasks.get(task).settings.described()
    for setting in LEARNED_WITH[task]:
        if setting in found.proposed or not name:
            sliders.put(setting, found.proposed.get(setting, known[setting].default))
