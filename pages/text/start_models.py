"""What training starts from: scratch, or a language model to fine-tune."""

from __future__ import annotations

import streamlit as st

from pages.form import start_model
from pages.form.start_model import StartModel
from pages.text import language_models
from pages.widgets import page_errors, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.text import card
from studio.text.language_model import SHAPE_SETTINGS
from studio.text.settings import TrainTextSettings, WriteSettings

KEY = "begin_with"
_NEW_TITLE = "A new language model"
_CONSEQUENCES = "It forgets the characters that your text does not have. The original model stays unchanged."
_NEW = StartModel(language_models.TRAIN)


def choose(model_names: list[str]) -> StartModel:
    """Lets the user choose a language model to fine-tune, if there is one, and shows what follows from it."""
    if not model_names:
        return _NEW
    model_name = start_model.ask_name(
        ["", *model_names],
        lambda name: words.model_label(name) if name else _NEW_TITLE,
        key=KEY,
        help="Language model to start from; fine-tuning it needs less text and time than training a new one",
    )
    if not model_name:
        return _NEW
    try:
        settings = presets.find(model_name).read_settings_as(
            TrainTextSettings, language_models.TRAIN, "a language model"
        )
    except StudioError as error:
        page_errors.show_error(error)
        return _NEW
    label, size = words.escape(words.model_label(model_name)), card.describe_shape(settings)
    st.caption(f"{label} is fine-tuned at its own size: {size}. {_CONSEQUENCES}")
    is_transformer = settings.architecture == "transformer"
    names = (*SHAPE_SETTINGS, "sequence") if is_transformer else SHAPE_SETTINGS  # its context window
    fixed = {name: getattr(settings, name) for name in names}
    return StartModel(language_models.TRAIN, model_name, fixed)


def make_reader_settings(start: StartModel, model_names: list[str]) -> WriteSettings | None:
    """Returns settings with the language model that "Under the hood" reads until training is done.

    Args:
        start: what training starts from.
        model_names: the installed language models.
    """
    name = start.name or next(iter(model_names), "")
    return WriteSettings(preset=name) if name else None
