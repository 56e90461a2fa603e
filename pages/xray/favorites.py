"""Feature visualizations of channels, next to the feature maps of the photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.dream import channel_sheet
from pages.form import image_input
from pages.jobs import jobs
from studio.core import tasks
from studio.dream.channels import sheet
from studio.xray.settings import LookSettings

_PILLS = "favorites"


def of(settings: LookSettings, strengths: Sequence[float]) -> dict[int, bytes]:
    """The images that are here of a layer's channels, those first that answer most strongly to the photo.

    Args:
        strengths: of all channels of the layer.
    """
    found = channel_sheet.painted(settings.backbone, settings.seen) | {
        shown.channel: shown.image()
        for shown in sheet.shipped(settings.backbone)
        if shown.layer == settings.seen
    }
    return {one: found[one] for one in sorted(found, key=lambda one: -strengths[one])}


def show(settings: LookSettings, channel: int, images: Mapping[int, bytes]) -> None:
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
        wanted = {"backbone": settings.backbone, "layer": settings.seen, "channel": channel}
        jobs.start(channel_sheet.PAINT, tasks.get(channel_sheet.PAINT).settings.parse(wanted), {})


def choose(settings: LookSettings, channel: int, images: Mapping[int, bytes]) -> None:
    """Lets a user choose a channel by its feature visualization."""
    if images:
        told = f"Feature visualizations of {settings.seen}: which of them appear in this photo?"
        pills(_PILLS, told, list(images), channel, list(images.values()))


def pills(key: str, label: str, channels: Sequence[int], channel: int, tiles: Sequence[bytes]) -> None:
    """A row of maps, each with a small image; a click chooses it."""
    st.session_state[key] = channel if channel in channels else None
    image_input.pills(
        label, channels, tiles, key=key, tile=5, format_func=str, on_change=_choose, args=(key,)
    )


def _choose(key: str) -> None:
    st.session_state["channel"] = st.session_state[key]
