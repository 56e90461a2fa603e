"""The backbone of a classifier: a network pretrained on ImageNet, or an imported model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.classify import imported_models
from pages.widgets import page_errors, words
from studio.classify.data import matching
from studio.classify.models import trained
from studio.classify.settings import FINETUNING_SETTINGS, AuditSettings, TrainClassifierSettings
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs
from studio.imported import files

KEY = "looks"
_IMAGENET_TITLE = "Pretrained on ImageNet"
_REPLACEMENT_KEY = "looks_replaced"
IMPORT_SETTINGS = ("preprocessing", "flat")  # stored with an imported model, or asked when it is imported
# Settings that an imported model determines or does not use.
_UNUSED_SETTINGS = ("backbone", "finetune", "size", *FINETUNING_SETTINGS)


@dataclass(frozen=True)
class BackboneChoice:
    """The selected backbone, as the form and the jobs of the page take it.

    Attributes:
        inputs: `model` with an imported model; empty for a backbone pretrained on ImageNet.
        skip: settings that the form leaves out.
        extra: settings with fixed values.
    """

    inputs: Inputs
    skip: tuple[str, ...]
    extra: dict[str, Any]


_IMAGENET = BackboneChoice({}, IMPORT_SETTINGS, {})


def choose() -> BackboneChoice:
    """Lets the user choose the backbone: one pretrained on ImageNet, or a model imported in this tab."""
    if replaced := st.session_state.pop(_REPLACEMENT_KEY, ""):
        st.session_state[KEY] = replaced
    imported_models.check_upload(choose=lambda digest: st.session_state.update({KEY: digest}))
    imported, selection = imported_models.get_session_models(), ""
    if imported:
        titles = {"": _IMAGENET_TITLE} | {digest: file.name for digest, file in imported.items()}
        selection = st.selectbox(
            "Backbone",
            list(titles),
            format_func=titles.__getitem__,
            key=KEY,
            help="Network that extracts the features; a new classifier head is trained on its penultimate "
            "layer",
        )
    imported_models.ask_upload("Use your own model")
    if not selection:
        return _IMAGENET
    file = imported[selection]
    try:
        st.caption(words.escape(imported_models.describe_model(imported_models.read_facts(file))))
    except StudioError as error:
        page_errors.show_error(error)
        return _IMAGENET

    def replace(digest: str) -> None:
        st.session_state[_REPLACEMENT_KEY] = digest

    imported_models.choose_preprocessing(file, replace)
    imported_models.name_classes(file, replace)
    return BackboneChoice(
        {"model": [file]}, (*IMPORT_SETTINGS, *_UNUSED_SETTINGS), {"flat": imported_models.is_flat(file)}
    )


def find_image_side(inputs: Inputs, settings: TrainClassifierSettings | AuditSettings) -> int:
    """Returns the side, in px, at which a job reads images; that of the settings if its model is gone."""
    for file in inputs.get("model", ()):
        with suppress(StudioError):
            if files.is_imported(file):
                return matching.dataset_side(imported_models.read_facts_as(file, settings.flat).size)
            return trained.side_of(presets.from_zip(file))
    return settings.size
