"""The generators, shipped and trained by the user: their list, their training data, and the choice."""

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

KINDS = {"dcgan": "GAN, sharp", "vae": "VAE, takes photos"}
_OF_A_KIND = re.compile(rf"(.+)-({'|'.join(KINDS)})")
_TRAIN = "studio train dcgan FOLDER -o my-model"


def choose(known: list[str]) -> str:
    """Lets a user choose the subject, and the model type if there are several; gives the preset's name."""
    drawn = _by_subject(known)
    what = forms.one_of("Subject", {one: _title(one, drawn[one]) for one in drawn}, key="what")
    kinds = drawn[what]
    kind = next(iter(kinds))
    if len(kinds) > 1:
        kind = forms.one_of("Model type", {one: KINDS[one] for one in kinds}, key="model")
    about(kinds[kind])
    return kinds[kind]


def put(name: str) -> None:
    """Chooses a model, if it is here. Call it from a callback."""
    for subject, kinds in _by_subject(presets_that_draw()).items():
        for kind, one in kinds.items():
            if one == name:
                st.session_state["what"], st.session_state["model"] = subject, kind


def address(name: str) -> dict[str, str]:
    """The query parameters of the page that select a model."""
    for subject, kinds in _by_subject(presets_that_draw()).items():
        for kind, one in kinds.items():
            if one == name:
                drawn_by = {"model": KINDS[kind]} if len(kinds) > 1 else {}
                return {"what": _title(subject, kinds), **drawn_by}
    return {}


def _title(subject: str, kinds: Mapping[str, str]) -> str:
    """The title of a subject: of shipped models as any choice, of the user's own as it was typed."""
    ships = index.shipped().presets.keys() & set(kinds.values())
    return words.choice(subject) if ships else subject


def title(name: str) -> str:
    """What a model is called among those of its kind: "faces-dcgan" -> "The studio's faces", a user's own
    as it was typed."""
    found = _OF_A_KIND.fullmatch(name) if _shipped(name) else None
    return f"The studio's {found[1]}" if found else words.model(name)


def none_yet() -> None:
    """Shows how to train a first model."""
    st.info(
        "There is no generator yet. Train one on a folder of images in a terminal:",
        icon=":material/info:",
    )
    st.code(_TRAIN, language="shell")


def reads(name: str) -> bool:
    """Whether a model can encode photos."""
    return tasks.get(presets.find(name).task).encodes


def presets_that_draw() -> list[str]:
    """The presets of generators: faces first, then by FID."""
    return sorted(models.names(), key=lambda name: (not name.startswith("faces"), _fid(name)))


def _fid(name: str) -> float:
    """The FID of a preset; infinite if it was not measured."""
    with suppress(StudioError):
        return presets.find(name).data().get("figures", {}).get("fid", math.inf)
    return math.inf


def _by_subject(known: list[str]) -> dict[str, dict[str, str]]:
    """`["faces-vae", "mine"]` -> `{"faces": {"vae": "faces-vae"}, "mine": {"": "mine"}}`."""
    drawn: dict[str, dict[str, str]] = {}
    for name in known:
        parts = _OF_A_KIND.fullmatch(name)
        # Next to a model that is called "digits" alone, "digits-vae" is a choice of its own.
        subject, kind = parts.groups() if parts and parts[1] not in known else (name, "")
        drawn.setdefault(subject, {})[kind] = name
    return drawn


def about(name: str) -> None:
    """Shows a model's training data, its FID, and whether it is for research only."""
    shipped = _shipped(name)
    told = []
    with suppress(StudioError):
        data = presets.find(name).data()
        source = shipped.trained_on if shipped else data.get("trained_on")
        told = (
            [(f"Trained on {words.plain(words.data_set_name(source))}.")] if isinstance(source, str) else []
        )
        told += _distance(data.get("figures") or {})
    st.caption(" ".join(told))
    if shipped and shipped.license == "research-only":
        st.badge("Research only", icon=":material/science:", color="orange")


def _shipped(name: str) -> index.Shipped | None:
    return index.shipped().presets.get(name)


def _distance(figures: dict) -> list[str]:
    if not {"fid", "n"} <= figures.keys():
        return []
    return [f"FID {figures['fid']:.0f} with {figures['n']:,} images; lower is better."]
