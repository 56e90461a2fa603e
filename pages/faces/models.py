"""The models that draw, ours and a person's own: which there are, what they learnt from, and the choice."""

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
    """Lets a person choose what is drawn, and by which model if several do; gives the preset's name."""
    drawn = _by_subject(known)
    what = forms.one_of("What to draw", {one: _title(one, drawn[one]) for one in drawn}, key="what")
    kinds = drawn[what]
    kind = next(iter(kinds))
    if len(kinds) > 1:
        kind = forms.one_of("Drawn by", {one: KINDS[one] for one in kinds}, key="model")
    about(kinds[kind])
    return kinds[kind]


def put(name: str) -> None:
    """Chooses a model, if it is here. Call it from a callback."""
    for subject, kinds in _by_subject(presets_that_draw()).items():
        for kind, one in kinds.items():
            if one == name:
                st.session_state["what"], st.session_state["model"] = subject, kind


def address(name: str) -> dict[str, str]:
    """What the page's address says for a model to be the chosen one."""
    for subject, kinds in _by_subject(presets_that_draw()).items():
        for kind, one in kinds.items():
            if one == name:
                drawn_by = {"model": KINDS[kind]} if len(kinds) > 1 else {}
                return {"what": _title(subject, kinds), **drawn_by}
    return {}


def _title(subject: str, kinds: Mapping[str, str]) -> str:
    """What is drawn, by which models: of those that ship as any choice, of a person's own as it was typed."""
    ships = index.shipped().presets.keys() & set(kinds.values())
    return words.choice(subject) if ships else subject


def title(name: str) -> str:
    """What a model is called among those of its kind: "faces-dcgan" -> "The studio's faces", a person's own
    as it was typed."""
    found = _OF_A_KIND.fullmatch(name) if _shipped(name) else None
    return f"The studio's {found[1]}" if found else words.model(name)


def none_yet() -> None:
    """Says how to come by a first model."""
    st.info(
        "There is no model that draws yet. Train one on a folder of pictures, in a terminal:",
        icon=":material/info:",
    )
    st.code(_TRAIN, language="shell")


def reads(name: str) -> bool:
    """Whether a model takes in photos."""
    return tasks.get(presets.find(name).task).encodes


def presets_that_draw() -> list[str]:
    """The presets that draw: faces first, then those that come closest to real pictures."""
    return sorted(models.names(), key=lambda name: (not name.startswith("faces"), _fid(name)))


def _fid(name: str) -> float:
    """How far from real pictures what a preset draws is; endless where nobody measured it."""
    with suppress(StudioError):
        return presets.find(name).data().get("figures", {}).get("fid", math.inf)
    return math.inf


def _by_subject(known: list[str]) -> dict[str, dict[str, str]]:
    """`["faces-vae", "mine"]` -> `{"faces": {"vae": "faces-vae"}, "mine": {"": "mine"}}`."""
    drawn: dict[str, dict[str, str]] = {}
    for name in known:
        parts = _OF_A_KIND.fullmatch(name)
        # Beside a model that is called "digits" alone, "digits-vae" is a choice of its own.
        subject, kind = parts.groups() if parts and parts[1] not in known else (name, "")
        drawn.setdefault(subject, {})[kind] = name
    return drawn


def about(name: str) -> None:
    """Says what a model learnt from, how close it comes, and whether it may be used for research only."""
    shipped = _shipped(name)
    told = []
    with suppress(StudioError):
        data = presets.find(name).data()
        source = shipped.trained_on if shipped else data.get("trained_on")
        told = [f"Learnt from {words.plain(words.data_set_name(source))}."] if isinstance(source, str) else []
        told += _distance(data.get("figures") or {})
    st.caption(" ".join(told))
    if shipped and shipped.licence == "research-only":
        st.badge("Research only", icon=":material/science:", color="orange")


def _shipped(name: str) -> index.Shipped | None:
    return index.shipped().presets.get(name)


def _distance(figures: dict) -> list[str]:
    if not {"fid", "n"} <= figures.keys():
        return []
    return [f"FID {figures['fid']:.0f} with {figures['n']:,} pictures; lower is closer to real ones."]
