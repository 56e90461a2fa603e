"""What training starts from: scratch, or a language model to fine-tune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.text import language_models
from pages.widgets import page_errors, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs
from studio.run import input_files
from studio.text import card
from studio.text.language_model import SHAPE_SETTINGS
from studio.text.settings import TrainTextSettings, WriteSettings

KEY = "begin_with"
_NEW_TITLE = "A new language model"
_CONSEQUENCES = "It forgets the characters that your text does not have. The original model stays unchanged."


@dataclass(frozen=True)
class StartModel:
    """What training starts from.

    Attributes:
        name: the language model to fine-tune; "" for a new one.
        shape: settings that the model determines, so the form does not ask for them; empty for a new one.
    """

    name: str
    shape: dict[str, Any]

    def build_inputs(self) -> Inputs:
        """Returns the input with the language model. Raises `StudioError` if it is gone or damaged."""
        return input_files.read_start_model(language_models.TRAIN, self.name)

    def make_reader_settings(self, model_names: list[str]) -> WriteSettings | None:
        """Returns settings with the language model that "Under the hood" reads until training is done.

        Args:
            model_names: the installed language models.
        """
        name = self.name or next(iter(model_names), "")
        return WriteSettings(preset=name) if name else None


_NEW = StartModel("", {})


def choose(model_names: list[str]) -> StartModel:
    """Lets the user choose a language model to fine-tune, if there is one, and shows what follows from it."""
    if not model_names:
        return _NEW
    model_name = st.selectbox(
        "Start from",
        ["", *model_names],
        format_func=lambda name: words.model_label(name) if name else _NEW_TITLE,
        key=KEY,
        bind="query-params",
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
    return StartModel(model_name, {name: getattr(settings, name) for name in names})
