"""Feature visualizations of channels: browse them by layer, choose by a click, compute on demand."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

import streamlit as st

from pages.form import forms, layer_terms, samples, tiles
from pages.jobs import jobs, results
from pages.widgets import keys, numbers, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.objectives import backbones
from studio.dream.channels import sheet
from studio.dream.presets import DEFAULT_LAYERS
from studio.dream.settings import ChannelSettings

TASK = "dream.channel"
LAYERS_KEY = "layers"  # key of the text input that holds all choices
MAX_JOBS_SEARCHED = 200  # recent jobs that are searched for the user's visualizations


def browse(text: str) -> None:
    """Lets the user choose layers and channels.

    Args:
        text: the current choice, as `LAYER[:CHANNEL][=WEIGHT], ...`.
    """
    first_term = layer_terms.split(text)[:1]
    _preselect(
        "network", [layer_terms.backbone_of(term) for term in first_term if layer_terms.backbone_of(term)]
    )
    titles = {name: words.choice_label(name) for name in DEFAULT_LAYERS}
    network = forms.ask_choice("Network", titles, key="network")
    entries = sheet.load_tiles(network)
    _preselect(
        keys.part(network, "layer"),
        [layer_terms.layer_of(term) for term in first_term if layer_terms.backbone_of(term) == network],
    )
    layer = _ask_layer(network, {entry.layer for entry in entries})
    _draw_layer_toggle(layer, text)
    images = {entry.channel: entry.encode_webp() for entry in entries if entry.layer == layer}
    _draw_sheet(layer, images | load_visualizations(network, layer), text)
    _draw_channel_input(network, layer)


def add_term(term: str) -> None:
    """Adds a layer or channel to the choice. Call it from a callback."""
    _store_selected_channels([term], [term])


def _store_selected_channels(sheet_terms: Collection[str], selected_terms: Collection[str]) -> None:
    st.session_state[LAYERS_KEY] = layer_terms.update_selection(
        st.session_state.get(LAYERS_KEY) or "", sheet_terms, selected_terms
    )


def _preselect(key: str, names: Collection[str]) -> None:
    """Selects the first of `names` when the sheet is first shown, so it opens at the current choice."""
    if names and key not in st.session_state and key not in st.query_params:
        st.session_state[key] = next(iter(names))


def _ask_layer(network: str, with_images: Collection[str]) -> str:
    channels = backbones.find_spec(network).layers
    default = DEFAULT_LAYERS[network][0]
    default_layer = (
        default
        if default in with_images or not with_images
        else next(name for name in channels if name in with_images)
    )
    return st.selectbox(
        "Layer, from input to output",
        list(channels),
        index=list(channels).index(default_layer),
        format_func=lambda name: (
            f"{name}, {channels[name]} channels" + (", with image" if name in with_images else "")
        ),
        key=keys.part(network, "layer"),
        bind="query-params",
        help="Early layers respond to edges and textures, deep ones to parts of objects.",
    )


def _draw_layer_toggle(layer: str, text: str) -> None:
    key = f"whole_{layer}"
    st.session_state[key] = layer in map(layer_terms.name_of, layer_terms.split(text))
    st.toggle(
        f"Maximize all of {layer}",
        key=key,
        on_change=lambda: _store_selected_channels([layer], [layer] if st.session_state[key] else []),
    )


def _draw_sheet(layer: str, images: dict[int, bytes], text: str) -> None:
    if not images:
        st.caption(
            "This layer has no feature visualizations yet. Visualize a channel, or add it by its number:"
        )
        return
    key = f"sheet_{layer}"
    names = {layer_terms.make_term(layer, channel): channel for channel in sorted(images)}
    terms = set(map(layer_terms.name_of, layer_terms.split(text)))
    st.session_state[key] = [channel for term, channel in names.items() if term in terms]
    tiles.show(
        "Feature visualization of each channel",
        list(names.values()),
        [images[channel] for channel in names.values()],
        selection_mode="multi",
        format_func=str,
        key=key,
        width=5,
        on_change=lambda: _store_selected_channels(
            list(names), [layer_terms.make_term(layer, channel) for channel in st.session_state[key]]
        ),
    )


def _draw_channel_input(network: str, layer: str) -> None:
    last_channel = backbones.find_spec(network).layers[layer] - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        channel = numbers.ask_number(
            f"Any channel, 0 to {last_channel}", 0, last_channel, key=f"channel_{layer}"
        )
        is_clicked = st.button(
            "Visualize",
            icon=":material/imagesearch_roller:",
            help="Optimizes an image to maximize this channel's activation (feature visualization)",
        )
        st.button(
            "Add", icon=":material/add:", on_click=add_term, args=(layer_terms.make_term(layer, channel),)
        )
    if is_clicked:
        values = {"backbone": network, "layer": layer, "channel": channel}
        jobs.start(TASK, tasks.get(TASK).settings.parse(values), {})


def draw_use_button(job: engine.Job) -> None:
    """Draws the button that adds a computed channel to the choice."""
    settings = tasks.parse_saved_settings(TASK, job.settings)
    if not isinstance(settings, ChannelSettings):
        return
    term = layer_terms.make_term(settings.layer, settings.channel)
    st.button(
        "Use it in the dream",
        icon=":material/add:",
        type="primary",
        on_click=_open_channels_and_add,
        args=(term,),
    )


def _open_channels_and_add(term: str) -> None:
    st.session_state["see"] = "channels"
    add_term(term)


def load_visualizations(network: str, layer: str) -> dict[int, bytes]:
    """Returns the feature visualizations of a layer that this user computed, as images by channel."""
    images: dict[int, bytes] = {}
    for job in engine.connect().list_jobs(get_owner(), limit=MAX_JOBS_SEARCHED):
        settings = tasks.parse_saved_settings(TASK, job.settings) if job.task == TASK and job.result else None
        if not isinstance(settings, ChannelSettings) or settings.layer != layer:
            continue
        with suppress(StudioError):  # The result was removed, or the network has no such layer.
            if settings.target.backbone == network:
                images.setdefault(settings.channel, samples.make_thumbnail(results.result_of(job).files[0]))
    return images
