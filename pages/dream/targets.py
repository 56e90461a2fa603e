"""What a dream maximizes: a preset, or layers and channels from the sheet."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.dream import channel_sheet
from pages.form import forms, image_input, layer_terms, samples
from pages.widgets import words
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.dream.layer_terms import look_left_out, read
from studio.dream.looks import LOOKS
from studio.dream.settings import DreamSettings, check

WAYS = {"look": "Preset", "channels": "Layers and channels"}
ASKED_HERE = ("look", "layers")


def what_to_see() -> dict[str, Any]:
    """Asks for it, and gives the values of ASKED_HERE."""
    if "see" not in st.session_state and "see" not in st.query_params and st.query_params.get("layers"):
        st.session_state["see"] = "channels"
    way = forms.one_of("Objective", WAYS, key="see", default="look")
    return {"look": _look(), "layers": ()} if way == "look" else {"layers": _layers()}


def checked_settings(settings: DreamSettings | None, guided: bool) -> DreamSettings | None:
    """The settings, or None after showing why they cannot be dreamed."""
    if settings is None:
        return None
    try:
        check(settings, {"guide": [File("", "image", "")] if guided else []})
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    if look_left_out(settings.look, settings.layers, settings.backbone):
        field = DreamSettings.described()["backbone"]
        chosen, usual = words.choice(settings.backbone), words.choice("auto")
        st.info(
            f"{field.title} is set to {chosen}, which does not have this preset. Its default layer is used "
            f"instead. Choose {usual} for the preset.",
            icon=":material/info:",
        )
    return settings


def reset() -> None:
    """Puts back what a page of dreams asks for next to its form. Call it from a callback."""
    st.session_state["see"], st.session_state["look"] = "look", next(iter(LOOKS))


def _look() -> str:
    names = list(LOOKS)
    lines = "\n".join(f"- **{words.choice(name)}**: {look.what}" for name, look in LOOKS.items())
    forms.choosing("look", names)
    images = samples.looks()
    look = image_input.pills(
        "Preset",
        names,
        [images[name] for name in names] if len(images) == len(names) else [],
        format_func=words.choice,
        default=names[0],
        required=True,
        key="look",
        bind="query-params",
        label_visibility="collapsed",
        help=lines,
    )
    st.caption(f"**{words.choice(look)}**: {LOOKS[look].what}.")
    return look


def _layers() -> list[str]:
    sheet = st.container()
    found = forms.fields(DreamSettings, ["layers"])["layers"]
    text = layer_terms.joined(found)
    with sheet:
        channel_sheet.browse(text)
    _weights(text)
    if not found:
        usual = words.choice(next(iter(LOOKS)))
        st.caption(f":material/info: Choose a channel or a layer. Until then the preset {usual} is used.")
    return found


def _weights(text: str) -> None:
    """A slider a term when there are several; one for what is there twice."""
    found = {f"weight_{layer_terms.name(term).replace(':', '_')}": term for term in layer_terms.split(text)}
    if len(found) < 2:
        return
    for key, term in found.items():
        st.session_state[key] = min(max(layer_terms.weight(term), -1.0), 2.0)
        st.slider(
            f"Weight of {words.plain(layer_terms.name(term).replace(':', ', channel '))}",
            -1.0,
            2.0,
            step=0.1,
            key=key,
            help="A negative weight minimizes the activation",
            on_change=_weigh,
            args=(text, term, key),
        )


def _weigh(text: str, term: str, key: str) -> None:
    st.session_state["layers"] = layer_terms.with_weight(text, term, round(st.session_state[key], 2))


def network(settings: DreamSettings) -> str:
    """The backbone that these settings dream with."""
    return read(settings.look, settings.layers, settings.backbone).backbone
