"""The generators, shipped or trained by the user: their list, training data and choice."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from pages.form import forms
from pages.widgets import words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.weights import index
from studio.faces import models

KINDS = {"dcgan": "DCGAN", "vae": "VAE", "diffusion": "Diffusion"}
_NAME_AND_KIND = re.compile(rf"(.+)-({'|'.join(KINDS)})")
_SUBJECT_KEY = "faces_subject"  # of the session: the subject that the model type belongs to
_TRAIN_COMMAND = "studio train dcgan FOLDER -o my-model"


def choose(names: list[str]) -> str:
    """Lets the user choose a subject, and a model type if there are several; returns the preset's name."""
    subjects = _group_by_subject(names)
    subject = forms.ask_choice(
        "Subject", {name: _subject_title(name, kinds) for name, kinds in subjects.items()}, key="what"
    )
    kinds = subjects[subject]
    kind = next(iter(kinds))
    if st.session_state.setdefault(_SUBJECT_KEY, subject) != subject:
        # Each subject begins with its best model, as its address does: that omits the first option.
        st.session_state[_SUBJECT_KEY], st.session_state["model"] = subject, kind
    if len(kinds) > 1:
        kind = forms.ask_choice("Model type", {name: KINDS[name] for name in kinds}, key="model")
    show_facts(kinds[kind])
    return kinds[kind]


def select(name: str) -> None:
    """Selects a model if it is installed. Call it from a callback."""
    for subject, kinds in _group_by_subject(list_generators()).items():
        for kind, preset in kinds.items():
            if preset == name:
                st.session_state["what"] = st.session_state[_SUBJECT_KEY] = subject
                st.session_state["model"] = kind


def query_params_of(name: str) -> dict[str, str]:
    """Returns the query parameters of the page that select a model."""
    for subject, kinds in _group_by_subject(list_generators()).items():
        for kind, preset in kinds.items():
            if preset == name:
                model_type = {"model": KINDS[kind]} if len(kinds) > 1 else {}
                return {"what": _subject_title(subject, kinds), **model_type}
    return {}


def _subject_title(subject: str, kinds: Mapping[str, str]) -> str:
    """Returns the title of a subject: a choice for shipped models, the typed name for the user's own."""
    ships = index.load().presets.keys() & set(kinds.values())
    return words.choice_label(subject) if ships else subject


def model_title(name: str) -> str:
    """Returns the title of a model among models of one type: "faces-dcgan" -> "The studio's faces"; the
    user's own as typed.
    """
    match = _NAME_AND_KIND.fullmatch(name) if _find_shipped_model(name) else None
    return f"The studio's {match[1]}" if match else words.model_label(name)


def show_how_to_train() -> None:
    """Shows how to train a first model."""
    st.info(
        "There is no generator yet. Train one on a folder of images in a terminal:",
        icon=":material/info:",
    )
    st.code(_TRAIN_COMMAND, language="shell")


def encodes_photos(name: str) -> bool:
    """Returns whether a model can encode photos."""
    return tasks.get(presets.find(name).task).encodes


def list_encoder_weights(name: str) -> tuple[str, ...]:
    """Returns the names of the pretrained weights that a model needs to encode a photo."""
    return tasks.get(presets.find(name).task).encoder_weights


def denoises(name: str) -> bool:
    """Returns whether a model is a diffusion model; False for an unknown one."""
    with suppress(StudioError):
        return tasks.get(presets.find(name).task).denoises
    return False


def list_classes(name: str) -> tuple[str, ...]:
    """Returns the names of a model's classes; () for most, and for a damaged model."""
    with suppress(StudioError):
        return models.list_classes(presets.find(name))
    return ()


def list_generators() -> list[str]:
    """Returns the presets of generators: faces first, then by FID."""
    return sorted(models.list_names(), key=lambda name: (not name.startswith("faces"), _read_fid(name)))


def _read_fid(name: str) -> float:
    """Returns the FID of a preset; infinite if it was not measured."""
    with suppress(StudioError):
        return presets.find(name).read_data().get("figures", {}).get("fid", math.inf)
    return math.inf


def _group_by_subject(names: list[str]) -> dict[str, dict[str, str]]:
    """Groups presets: `["faces-vae", "mine"]` -> `{"faces": {"vae": "faces-vae"}, "mine": {"": "mine"}}`."""
    subjects: dict[str, dict[str, str]] = {}
    for name in names:
        match = _NAME_AND_KIND.fullmatch(name)
        # If there is a model called "digits", "digits-vae" is a subject of its own.
        subject, kind = match.groups() if match and match[1] not in names else (name, "")
        subjects.setdefault(subject, {})[kind] = name
    return subjects


def show_facts(name: str) -> None:
    """Shows a model's training data, its FID, and whether it is for research only."""
    entry = _find_shipped_model(name)
    sentences = []
    with suppress(StudioError):
        data = presets.find(name).read_data()
        source = entry.trained_on if entry else data.get("trained_on")
        sentences = (
            [(f"Trained on {words.escape(words.data_set_name(source))}.")] if isinstance(source, str) else []
        )
        sentences += _describe_fid(data.get("figures") or {})
    st.caption(" ".join(sentences))
    if entry and entry.license == "research-only":
        st.badge("Research only", icon=":material/science:", color="orange")


def _find_shipped_model(name: str) -> index.ShippedModel | None:
    return index.load().presets.get(name)


def _describe_fid(figures: dict) -> list[str]:
    if not {"fid", "n"} <= figures.keys():
        return []
    return [f"FID {figures['fid']:.0f} with {figures['n']:,} images; {words.FID_NOTE}"]
