"""What a dream maximizes: a preset, or layers and channels from the sheet."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.dream import channel_sheet
from pages.form import forms, image_input, layer_terms, samples
from pages.widgets import words
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.dream.layer_terms import is_preset_ignored, read
from studio.dream.presets import DREAM_PRESETS
from studio.dream.settings import DreamSettings, check

OBJECTIVES = {"look": "Preset", "channels": "Layers and channels"}
ASKED_HERE = ("look", "layers")


def ask() -> dict[str, Any]:
    """Asks for the objective; returns the values of the settings in ASKED_HERE."""
    if "see" not in st.session_state and "see" not in st.query_params and st.query_params.get("layers"):
        st.session_state["see"] = "channels"
    objective = forms.one_of("Objective", OBJECTIVES, key="see", default="look")
    return {"look": _look(), "layers": ()} if objective == "look" else {"layers": _layers()}


def checked_settings(settings: DreamSettings | None, has_guide: bool) -> DreamSettings | None:
    """Returns the settings, or None after showing what is wrong with them."""
    if settings is None:
        return None
    try:
        check(settings, {"guide": [File("", "image", "")] if has_guide else []})
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    if is_preset_ignored(settings.look, settings.layers, settings.backbone):
        field = DreamSettings.describe()["backbone"]
        backbone, default = words.choice(settings.backbone), words.choice("auto")
        st.info(
            f"{field.title} is set to {backbone}, which does not have this preset. Its default layer is used "
            f"instead. Choose {default} for the preset.",
            icon=":material/info:",
        )
    return settings


def reset() -> None:
    """Resets the objective to the first preset. Call it from a callback."""
    st.session_state["see"], st.session_state["look"] = "look", next(iter(DREAM_PRESETS))


def _look() -> str:
    names = list(DREAM_PRESETS)
    lines = "\n".join(
        f"- **{words.choice(name)}**: {look.description}" for name, look in DREAM_PRESETS.items()
    )
    forms.drop_stale_choice("look", names)
    images = samples.preset_thumbnails()
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
    st.caption(f"**{words.choice(look)}**: {DREAM_PRESETS[look].description}.")
    return look


def _layers() -> list[str]:
    sheet = st.container()
    layers = forms.fields(DreamSettings, ["layers"])["layers"]
    text = layer_terms.join(layers)
    with sheet:
        channel_sheet.browse(text)
    _weights(text)
    if not layers:
        preset = words.choice(next(iter(DREAM_PRESETS)))
        st.caption(f":material/info: Choose a channel or a layer. Until then the preset {preset} is used.")
    return layers


def _weights(text: str) -> None:
    """Draws a slider per layer or channel when there are several; duplicates share one."""
    terms = {f"weight_{layer_terms.name(term).replace(':', '_')}": term for term in layer_terms.split(text)}
    if len(terms) < 2:
        return
    for key, term in terms.items():
        st.session_state[key] = min(max(layer_terms.weight(term), -1.0), 2.0)
        st.slider(
            f"Weight of {words.plain(layer_terms.name(term).replace(':', ', channel '))}",
            -1.0,
            2.0,
            step=0.1,
            key=key,
            help="A negative weight minimizes the activation",
            on_change=_set_weight,
            args=(text, term, key),
        )


def _set_weight(text: str, term: str, key: str) -> None:
    st.session_state["layers"] = layer_terms.with_weight(text, term, round(st.session_state[key], 2))


def network(settings: DreamSettings) -> str:
    """Returns the name of the backbone that the settings use."""
    return read(settings.look, settings.layers, settings.backbone).backbone
