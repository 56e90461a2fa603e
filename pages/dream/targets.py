"""What a dream maximizes: a preset, or layers and channels from the sheet."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.dream import channel_sheet
from pages.form import estimates, forms, layer_terms, mask_choice, problems, samples, tiles
from pages.widgets import words
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.tasks import File, Inputs
from studio.dream.layer_terms import is_preset_ignored, parse_target
from studio.dream.presets import DREAM_PRESETS
from studio.dream.settings import DreamSettings

TASK = "dream.ascend"
OBJECTIVES = {"look": "Preset", "channels": "Layers and channels"}
SETTINGS_OUTSIDE_FORM = ("look", "layers")


def ask() -> dict[str, Any]:
    """Asks for the objective; returns the values of SETTINGS_OUTSIDE_FORM."""
    if "see" not in st.session_state and "see" not in st.query_params and st.query_params.get("layers"):
        st.session_state["see"] = "channels"
    objective = forms.ask_choice("Objective", OBJECTIVES, key="see", default="look")
    return {"look": _ask_preset(), "layers": ()} if objective == "look" else {"layers": _ask_layers()}


def check_settings(settings: DreamSettings | None, inputs: Inputs) -> DreamSettings | None:
    """Returns the settings, or None after showing why they cannot be used with these inputs."""
    if settings is None:
        return None
    try:
        tasks.check(TASK, settings, inputs)
    except StudioError as error:
        problems.show(str(error))
        return None
    if is_preset_ignored(settings.look, settings.layers, settings.backbone):
        field = DreamSettings.describe()["backbone"]
        backbone, default = words.choice_label(settings.backbone), words.choice_label("auto")
        st.info(
            f"{field.title} is set to {backbone}, which does not have this preset. Its default layer is used "
            f"instead. Choose {default} for the preset.",
            icon=":material/info:",
        )
    return settings


def reset() -> None:
    """Resets the objective to the first preset. Call it from a callback."""
    st.session_state["see"], st.session_state["look"] = "look", next(iter(DREAM_PRESETS))


def _ask_preset() -> str:
    names = list(DREAM_PRESETS)
    descriptions = "\n".join(
        f"- **{words.choice_label(name)}**: {preset.description}" for name, preset in DREAM_PRESETS.items()
    )
    forms.drop_stale_choice("look", names)
    images = samples.load_preset_thumbnails()
    preset = tiles.show(
        "Preset",
        names,
        [images[name] for name in names] if len(images) == len(names) else [],
        format_func=words.choice_label,
        default=names[0],
        required=True,
        key="look",
        bind="query-params",
        label_visibility="collapsed",
        help=descriptions,
    )
    st.caption(f"**{words.choice_label(preset)}**: {DREAM_PRESETS[preset].description}.")
    return preset


def _ask_layers() -> list[str]:
    sheet = st.container()
    layers = forms.ask_fields(DreamSettings, ["layers"])["layers"]
    text = layer_terms.join(layers)
    with sheet:
        channel_sheet.browse(text)
    _draw_weight_sliders(text)
    if not layers:
        preset = words.choice_label(next(iter(DREAM_PRESETS)))
        st.caption(f":material/info: Choose a channel or a layer. Until then the preset {preset} is used.")
    return layers


def _draw_weight_sliders(text: str) -> None:
    """Draws a slider per layer or channel when there are several; duplicates share one."""
    terms = {
        f"weight_{layer_terms.name_of(term).replace(':', '_')}": term for term in layer_terms.split(text)
    }
    if len(terms) < 2:
        return
    for key, term in terms.items():
        st.session_state[key] = min(max(layer_terms.weight_of(term), -1.0), 2.0)
        st.slider(
            f"Weight of {words.escape(layer_terms.name_of(term).replace(':', ', channel '))}",
            -1.0,
            2.0,
            step=0.1,
            key=key,
            help="A negative weight minimizes the activation",
            on_change=_set_weight,
            args=(text, term, key),
        )


def _set_weight(text: str, term: str, key: str) -> None:
    st.session_state["layers"] = layer_terms.set_weight(text, term, round(st.session_state[key], 2))


def find_backbone(settings: DreamSettings) -> str:
    """Returns the name of the backbone that the settings use."""
    return parse_target(settings.look, settings.layers, settings.backbone).backbone


def show_start(content: File, settings: DreamSettings | None) -> None:
    """Shows the content image, with one line below it that says what Start does and how long it takes.

    Without settings, the line says what is wrong with the form.
    """
    if settings is None:
        problems.show_missing(content)
        return
    action = "runs DeepDream on this image"
    if settings.zoom:
        length = amounts.format_duration(max(settings.zoom / settings.fps, 1))
        action = f"makes a video of {settings.zoom} frames, {length} long"
    weights = [find_backbone(settings), *mask_choice.list_needs(settings.mask)]
    estimates.show_start(content, action, TASK, settings, {"content": [content]}, weights)
