"""Inputs of the X-ray page: network, layer and channel."""

from __future__ import annotations

import streamlit as st

from pages.form import forms
from pages.form.mask_choice import Mask
from pages.widgets import numbers, page_errors, words
from studio.core.errors import StudioError
from studio.core.objectives import backbones
from studio.xray.settings import BLOCKS, DEFAULT_LAYERS, XraySettings, check

TASK = "xray.look"
_HELP = "Early layers respond to edges and textures, deep ones to parts of objects."


def ask(mask: Mask) -> XraySettings | None:
    """Draws the form; returns None after showing what is wrong.

    Args:
        mask: the part of the photo whose channels are ranked first.
    """
    titles = {name: words.choice_label(name) for name in DEFAULT_LAYERS}
    network = forms.ask_choice("Network", titles, key="backbone")
    layer = _ask_layer(network)
    channel = _ask_channel(network, layer)
    chosen_settings = {
        "backbone": network,
        "layer": layer,
        "channel": channel,
        "off": _read_disabled_branches(network),
        "mask": mask.names,
    }
    # `map_view` asks for the position and the frame next to the map, where their effect is visible.
    settings = forms.ask_settings(
        XraySettings,
        unshared=("size",),
        skip=("backbone", "layer", "channel", "show", "off", "across", "down", "field"),
        extra=chosen_settings | {"show": "map", "field": True},
        reset_more=_reset_channel_and_branches,
    )
    try:
        if settings is not None:
            check(settings, {})
    except StudioError as error:
        page_errors.show_error(error)
        return None
    return settings


def _ask_layer(network: str) -> str:
    channels = backbones.find_spec(network).layers
    forms.drop_stale_choice("layer", channels)
    return st.selectbox(
        "Layer",
        list(channels),
        index=list(channels).index(DEFAULT_LAYERS[network]),
        key="layer",
        bind="query-params",
        help=_HELP,
    )


def _ask_channel(network: str, layer: str) -> int | None:
    last_channel = backbones.find_spec(network).layers[layer] - 1
    if (st.session_state.get("channel") or 0) > last_channel:
        st.session_state["channel"] = None  # The new layer has fewer channels.
    return numbers.ask_number(
        f"Channel, 0 to {last_channel:,}",
        0,
        last_channel,
        value=None,
        placeholder="chosen for you",
        key="channel",
        bind="query-params",
    )


def _read_disabled_branches(network: str) -> list[str]:
    """Returns the disabled branches, which `branches` lets the user choose further down the page."""
    blocks = st.session_state.get("off", st.query_params.get_all("off"))
    return [block for block in blocks or () if block in BLOCKS] if network == "resnet50" else []


def _reset_channel_and_branches() -> None:
    st.session_state["channel"], st.session_state["off"] = None, []
