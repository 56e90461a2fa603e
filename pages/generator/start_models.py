"""The start of training: a new model, or one to fine-tune or to grow to twice its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.faces import models
from pages.form import forms, network_choice, problems, sliders
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.dcgan import generator as dcgan
from studio.diffusion import generator as diffusion
from studio.run import input_files
from studio.vae import generator as vae

KEY, MODE_KEY = "start_with", "start_how"
FINE_TUNE, GROW = "on", "grow"
_NEW_MODEL = "A new model"
_LAST_KEY = "settings_of"  # in the session: the task and model whose settings the form has
_UNCHANGED = "The original model stays unchanged."
# Settings that the start model determines: its shape, and those whose change would restart training.
SHAPE_SETTINGS: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: (*dcgan.SHAPE_SETTINGS, "blocks", "palette", "loss"),
    vae.TASK: (*vae.SHAPE_SETTINGS, "likelihood"),
    diffusion.TASK: diffusion.SHAPE_SETTINGS,
}
# Settings of a model's training that are proposed for its fine-tuning.
TRAINING_SETTINGS: Mapping[str, tuple[str, ...]] = {
    dcgan.TASK: ("bilateral", "dropout", "cutout", "gradient_penalty", "flip"),
    vae.TASK: ("beta", "free_bits", "perceptual", "adversarial", "vgg16_discriminator", "flip"),
    diffusion.TASK: ("conditional", "flip"),
}


@dataclass(frozen=True)
class StartModel:
    """The start of training, as the form and the job of the page take it.

    Attributes:
        inputs: the job input that contains the start model; empty for a new model.
        shape: settings that the start model determines, so the form leaves them out.
        proposed: initial values of the form.
    """

    inputs: Inputs = field(default_factory=dict)
    shape: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)


def choose(task: str) -> StartModel | None:
    """Lets the user select a start model, and proposes its settings in the form.

    Returns None after showing an error.

    Args:
        task: name of the training task, whose models are listed.
    """
    names = ["", *network_choice.filter_by_task(task, models.list_generators())]
    forms.drop_stale_choice(KEY, names)
    name = st.selectbox(
        "Start from",
        names,
        format_func=lambda name: models.model_title(name) if name else _NEW_MODEL,
        key=KEY,
        bind="query-params",
        help="Generator to start from; fine-tuning it is usually faster than training a new one and leaves "
        "the original unchanged",
    )
    start_model = StartModel()
    if name:
        try:
            settings = presets.find(name).read_settings()
            inputs = input_files.read_start_model(task, name)
        except StudioError as error:
            problems.show(str(error))
            return None
        models.show_facts(name)
        start_model = _make_start_model(task, _ask_mode(settings), inputs)
    _apply_settings(task, name, start_model)
    return start_model


def _make_start_model(task: str, settings: Settings, inputs: Inputs) -> StartModel:
    shape, proposed = (
        {name: getattr(settings, name) for name in names[task]}
        for names in (SHAPE_SETTINGS, TRAINING_SETTINGS)
    )
    return StartModel(inputs, shape, proposed)


def _ask_mode(settings: Any) -> Settings:
    """Asks whether to fine-tune a model at its size or to grow it. Returns the settings with that shape."""
    larger = dcgan.derive_grown_settings(settings) if isinstance(settings, dcgan.TrainDcganSettings) else None
    explanation = f"Training continues at {settings.size} px. {_UNCHANGED}"
    if larger is None:
        st.caption(explanation)
        return settings
    modes = {FINE_TUNE: f"Train on at {settings.size} px", GROW: f"Grow to {larger.size} px"}
    if forms.ask_choice("How", modes, key=MODE_KEY) == FINE_TUNE:
        st.caption(explanation)
        return settings
    st.caption(
        f"At first the model generates the same images, upscaled, with {settings.width // 2} channels "
        f"instead of {settings.width}. It learns to upscale, then to add fine detail. {_UNCHANGED}"
    )
    return larger


def _apply_settings(task: str, name: str, start_model: StartModel) -> None:
    """Sets the form to the training settings of a start model when it is selected, else to the defaults.

    Settings in the address of the page take precedence; each kind of model has its own form.
    """
    previous = st.session_state.get(_LAST_KEY)
    st.session_state[_LAST_KEY] = task, name
    if previous is None or previous[0] != task or previous[1] == name:
        return
    fields = tasks.get(task).settings.describe()
    for setting in TRAINING_SETTINGS[task]:
        if setting in start_model.proposed or not name:
            sliders.set_value(setting, start_model.proposed.get(setting, fields[setting].default))
