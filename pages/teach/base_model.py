"""What looks at the pictures that a classifier learns from: ImageNet's networks, or a model of one's own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.teach import brought_models
from pages.widgets import words
from studio.classify.data import matching
from studio.classify.models import trained
from studio.classify.settings import OF_FINETUNING, AuditSettings, TrainClassifierSettings
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs

KEY = "looks"
_OURS = "A network that learnt on ImageNet"
_RENAMED = "looks_renamed"
GIVEN = ("levels", "flat")  # asked for beside the form, of a model of one's own alone
# What a model of one's own has already, or what it does not take.
_IDLE = ("backbone", "finetune", "size", *OF_FINETUNING)


@dataclass(frozen=True)
class Base:
    """What looks, as the form and the jobs of the page take it.

    Attributes:
        inputs: the input that holds a model of one's own; empty for ImageNet's networks.
        skip: settings that the form does not ask for.
        extra: settings that are known already.
    """

    inputs: Inputs
    skip: tuple[str, ...]
    extra: dict[str, Any]


_IMAGENET = Base({}, GIVEN, {})


def choose() -> Base:
    """Lets a person choose what looks, among ImageNet's networks and the models that this tab has brought."""
    if renamed := st.session_state.pop(_RENAMED, ""):
        st.session_state[KEY] = renamed
    brought_models.take(choose=lambda digest: st.session_state.update({KEY: digest}))
    mine, chosen = brought_models.mine(), ""
    if mine:
        titles = {"": _OURS} | {digest: file.name for digest, file in mine.items()}
        chosen = st.selectbox(
            "Who looks at the pictures",
            list(titles),
            format_func=titles.__getitem__,
            key=KEY,
            help="A head is taught on what it sees in them, its last layer before the classes",
        )
    brought_models.ask("Use a model of your own")
    if not chosen:
        return _IMAGENET
    file = mine[chosen]
    try:
        st.caption(words.plain(brought_models.about(brought_models.known(file))))
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return _IMAGENET
    levels = brought_models.settle(file, lambda digest: st.session_state.update({_RENAMED: digest}))
    given = {"levels": levels, "flat": brought_models.flat(file)}
    return Base({"model": [file]}, (*GIVEN, *_IDLE), given)


def side(inputs: Inputs, settings: TrainClassifierSettings | AuditSettings) -> int:
    """The px at which pictures are read for a job; by its settings where its model can no longer be taken."""
    for file in inputs.get("model", ()):
        with suppress(StudioError):
            if brought_models.is_one(file):
                return matching.side(brought_models.of_file(file, settings.flat).size)
            return trained.side_of(presets.from_zip(file))
    return settings.size
