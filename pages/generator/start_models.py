"""The start of training: a new model, or one to fine-tune or to grow to twice its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.faces import models
from pages.form import forms, network_choice, problems, sliders, start_model
from pages.form.start_model import StartModel
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.dcgan import generator as dcgan
from studio.diffusion import generator as diffusion
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
    dcgan.TASK: ("conditional", "bilateral", "dropout", "cutout", "gradient_penalty", "flip"),
    vae.TASK: (
        "conditional",
        "beta",
        "free_bits",
        "perceptual",
        "adversarial",
        "vgg16_discriminator",
        "flip",
    ),
    diffusion.TASK: ("conditional", "flip"),
}


def choose(task: str) -> StartModel | None:
    """Lets the user select a start model, and proposes its settings in the form.

    Returns None after showing an error.

    Args:
        task: name of the training task, whose models are listed.
    """
    names = ["", *network_choice.filter_by_task(task, models.list_generators())]
    name = start_model.ask_name(
        names,
        lambda name: models.model_title(name) if name else _NEW_MODEL,
        key=KEY,
        help="Generator to start from; fine-tuning it is usually faster than training a new one and leaves "
        "the original unchanged",
    )
    start = StartModel(task)
    if name:
        try:
            preset = presets.find(name)
            preset.check_weights()
            settings = preset.read_settings()
        except StudioError as error:
            problems.show(str(error))
            return None
        models.show_facts(name)
        start = _make_start_model(task, name, _ask_mode(settings))
    _apply_settings(start)
    return start


def _make_start_model(task: str, name: str, settings: Settings) -> StartModel:
    shape, proposed = (
        {setting: getattr(settings, setting) for setting in settings_by_task[task]}
        for settings_by_task in (SHAPE_SETTINGS, TRAINING_SETTINGS)
    )
    return StartModel(task, name, shape, proposed)


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


def _apply_settings(start: StartModel) -> None:
    """Sets the form to the training settings of a start model when it is selected, else to the defaults.

    Settings in the address of the page take precedence; each kind of model has its own form.
    """
    previous = st.session_state.get(_LAST_KEY)
    st.session_state[_LAST_KEY] = start.task, start.name
    if previous is None or previous[0] != start.task or previous[1] == start.name:
        return
    fields = tasks.get(start.task).settings.describe()
    for setting in TRAINING_SETTINGS[start.task]:
        if setting in start.proposed or not start.name:
            sliders.set_value(setting, start.proposed.get(setting, fields[setting].default))
