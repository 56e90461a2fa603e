"""Feature visualizations of channels: browsed by layer, chosen by a click, drawn on demand."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

import streamlit as st

from pages.form import forms, image_input, layer_terms, samples
from pages.jobs import jobs, results
from pages.widgets import keys, numbers, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.objectives import backbones
from studio.dream.channels import sheet
from studio.dream.looks import USUAL
from studio.dream.settings import ChannelSettings

PAINT = "dream.channel"
LAYERS = "layers"  # the key of the text that all choices here end up in
LOOK_BACK = 200  # jobs among which painted channels are found again


def browse(text: str) -> None:
    """Lets a user choose layers and channels.

    Args:
        text: what is chosen, as `LAYER[:CHANNEL][=WEIGHT], ...`.
    """
    begun = layer_terms.split(text)[:1]
    _open("network", [layer_terms.network(term) for term in begun if layer_terms.network(term)])
    titles = {name: words.choice(name) for name in backbones.BACKBONES}
    network = forms.one_of("Network", titles, key="network")
    shipped = sheet.shipped(network)
    _open(
        keys.part(network, "layer"),
        [layer_terms.layer(term) for term in begun if layer_terms.network(term) == network],
    )
    layer = _layer(network, {shown.layer for shown in shipped})
    _whole(layer, text)
    found = {shown.channel: shown.image() for shown in shipped if shown.layer == layer}
    _sheet(layer, found | painted(network, layer), text)
    _any_other(network, layer)


def use(term: str) -> None:
    """Adds a layer or channel to what is chosen. Call it from a callback."""
    _change([term], [term])


def _change(offered: Collection[str], wanted: Collection[str]) -> None:
    st.session_state[LAYERS] = layer_terms.with_chosen(st.session_state.get(LAYERS) or "", offered, wanted)


def _open(key: str, wanted: Collection[str]) -> None:
    """Opens the sheet, the first time it is shown, where something is chosen already."""
    if wanted and key not in st.session_state and key not in st.query_params:
        st.session_state[key] = next(iter(wanted))


def _layer(network: str, with_images: Collection[str]) -> str:
    known = backbones.spec(network).layers
    usual = USUAL[network][0]
    first = (
        usual
        if usual in with_images or not with_images
        else next(name for name in known if name in with_images)
    )
    return st.selectbox(
        "Layer, from input to output",
        list(known),
        index=list(known).index(first),
        format_func=lambda name: (
            f"{name}, {known[name]} channels" + (", with image" if name in with_images else "")
        ),
        key=keys.part(network, "layer"),
        bind="query-params",
        help="Early layers respond to edges and textures, deep ones to parts of objects.",
    )


def _whole(layer: str, text: str) -> None:
    key = f"whole_{layer}"
    st.session_state[key] = layer in map(layer_terms.name, layer_terms.split(text))
    st.toggle(
        f"Maximize all of {layer}",
        key=key,
        on_change=lambda: _change([layer], [layer] if st.session_state[key] else []),
    )


def _sheet(layer: str, found: dict[int, bytes], text: str) -> None:
    if not found:
        st.caption(
            "This layer has no feature visualizations yet. Visualize a channel, or add it by its number:"
        )
        return
    key = f"sheet_{layer}"
    names = {layer_terms.term(layer, channel): channel for channel in sorted(found)}
    there = set(map(layer_terms.name, layer_terms.split(text)))
    st.session_state[key] = [channel for term, channel in names.items() if term in there]
    image_input.pills(
        "Feature visualization of each channel",
        list(names.values()),
        [found[channel] for channel in names.values()],
        selection_mode="multi",
        format_func=str,
        key=key,
        tile=5,
        on_change=lambda: _change(
            list(names), [layer_terms.term(layer, one) for one in st.session_state[key]]
        ),
    )


def _any_other(network: str, layer: str) -> None:
    most = backbones.spec(network).layers[layer] - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        channel = numbers.number(f"Any channel, 0 to {most}", 0, most, key=f"channel_{layer}")
        paint = st.button(
            "Visualize",
            icon=":material/imagesearch_roller:",
            help="Optimizes an image that maximizes the activation of this channel",
        )
        st.button("Add", icon=":material/add:", on_click=use, args=(layer_terms.term(layer, channel),))
    if paint:
        wanted = {"backbone": network, "layer": layer, "channel": channel}
        jobs.start(PAINT, tasks.get(PAINT).settings.parse(wanted), {})


def use_painted(job: engine.Job) -> None:
    """The button of a painted channel that adds it to what is chosen."""
    asked = tasks.settings_of(PAINT, job.settings)
    if not isinstance(asked, ChannelSettings):
        return
    term = layer_terms.term(asked.layer, asked.channel)
    st.button("Use it in the dream", icon=":material/add:", type="primary", on_click=_use_seen, args=(term,))


def _use_seen(term: str) -> None:
    st.session_state["see"] = "channels"
    use(term)


def painted(network: str, layer: str) -> dict[int, bytes]:
    """The feature visualizations of a layer's channels that this user started, by channel."""
    found: dict[int, bytes] = {}
    for job in engine.connect().jobs(owner(), limit=LOOK_BACK):
        asked = tasks.settings_of(PAINT, job.settings) if job.task == PAINT and job.result else None
        if not isinstance(asked, ChannelSettings) or asked.layer != layer:
            continue
        with suppress(StudioError):  # removed since, or of a network that has no such layer
            if asked.wanted.backbone == network:
                found.setdefault(asked.channel, samples.small(results.of_job(job).files[0]))
    return found
