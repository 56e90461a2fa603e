"""Feature visualizations of channels, next to the feature maps of the photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.dream import channel_sheet
from pages.form import tiles
from pages.jobs import jobs
from studio.core import tasks
from studio.dream.channels import sheet
from studio.xray.settings import XraySettings

_PILLS_KEY = "favorites"


def load_for_layer(settings: XraySettings, strengths: Sequence[float]) -> dict[int, bytes]:
    """Returns the available feature visualizations of a layer by channel, the most active channels first.

    Args:
        settings: network and layer.
        strengths: activation of each channel of the layer for the photo.
    """
    images = channel_sheet.load_visualizations(settings.backbone, settings.layer_name) | {
        entry.channel: entry.encode_webp()
        for entry in sheet.load_tiles(settings.backbone)
        if entry.layer == settings.layer_name
    }
    return {channel: images[channel] for channel in sorted(images, key=lambda channel: -strengths[channel])}


def show(settings: XraySettings, channel: int, images: Mapping[int, bytes]) -> None:
    """Draws the feature visualization of one channel, or offers to compute it."""
    if channel in images:
        st.image(images[channel], width="stretch", alt=f"Feature visualization of channel {channel}")
        st.caption(
            f"Feature visualization of channel {channel}: an image optimized from noise to maximize its "
            "activation. Compare it with the yellow areas."
        )
        return
    st.caption(
        f"Feature visualization optimizes an image from noise to maximize the activation of channel "
        f"{channel}. It takes about a minute."
    )
    if st.button("Visualize", icon=":material/imagesearch_roller:"):
        values = {"backbone": settings.backbone, "layer": settings.layer_name, "channel": channel}
        jobs.start(channel_sheet.TASK, tasks.get(channel_sheet.TASK).settings.parse(values), {})


def choose(settings: XraySettings, channel: int, images: Mapping[int, bytes]) -> None:
    """Lets the user choose a channel by its feature visualization."""
    if images:
        label = f"Feature visualizations of {settings.layer_name}: which of them appear in this photo?"
        draw_pills(_PILLS_KEY, label, list(images), channel, list(images.values()))


def draw_pills(
    key: str, label: str, channels: Sequence[int], channel: int, thumbnails: Sequence[bytes]
) -> None:
    """Draws a row of channels as small images; a click chooses one."""
    st.session_state[key] = channel if channel in channels else None
    tiles.show(
        label, channels, thumbnails, key=key, width=5, format_func=str, on_change=_set_channel, args=(key,)
    )


def _set_channel(key: str) -> None:
    st.session_state["channel"] = st.session_state[key]
