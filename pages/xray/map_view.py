"""A feature map over the photo, next to the feature visualization of its channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from PIL import Image, ImageOps

from pages.form import mask_choice
from pages.jobs import live, results
from pages.widgets import browser_images
from pages.widgets.image_viewer import Neighbors
from pages.xray import feature_visualizations, uses
from pages.xray.input_form import TASK
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.xray.drawing import COLUMNS, GAP
from studio.xray.settings import XraySettings

_PILLS_KEY = "strongest"
_CACHE_NAME, _MAX_CACHED = "xray", 8  # feature maps that a tab caches
_TILE_SIDE = 112  # px of a small map to choose


def list_weights(settings: XraySettings) -> list[str]:
    """Returns the names of the weights that settings need."""
    labels = ["imagenet-labels"] if settings.backbone == "resnet50" else []
    return [settings.backbone, *labels, *mask_choice.list_needs(settings.mask)]


def show(settings: XraySettings, inputs: Inputs) -> engine.Live | None:
    """Draws the feature map and its actions; returns the live result, or None without one."""
    photo = inputs["content"][0]
    if not live.check_ready(
        TASK, settings, lambda: inputs, before=lambda: photo, needs=list_weights(settings)
    ):
        return None
    map_area, side_area = st.columns([5, 3], gap="medium")
    with map_area:
        result, images = _draw_map(settings, inputs)
    if result is None:
        return None
    channel = result.figures["channel"]
    with side_area:
        feature_visualizations.show(settings, channel, images)
    _draw_strongest_maps(settings, inputs, channel)
    feature_visualizations.choose(settings, channel, images)
    live.show_actions(result, key="xray", show_buttons=lambda: uses.draw_buttons(settings, channel, inputs))
    return result


def _draw_map(settings: XraySettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    map_area, is_first = st.container(), not live.get_cached_results(_CACHE_NAME)
    # The first time there is no earlier map to show meanwhile.
    placeholder = map_area.empty() if is_first else None
    if placeholder is not None:
        with placeholder.container():
            caption = "The photo; its feature map follows in a moment."
            browser_images.show_image(inputs["content"][0], caption=caption)
    shows_field = st.toggle(
        "Show the receptive field",
        True,
        key="field",
        bind="query-params",
        help="Draws a frame around the part of the photo that can affect one position of the feature map",
    )
    position_settings: dict[str, Any] = {"field": shows_field}
    if shows_field:
        across, down = st.columns(2)
        with across:
            position_settings["across"] = _draw_slider("Position x", "across")
        with down:
            position_settings["down"] = _draw_slider("Position y", "down")
    result, images = _compute_map(settings.model_copy(update=position_settings), inputs)
    if placeholder is not None:
        placeholder.empty()
    if result is not None:
        with map_area:
            figures = result.figures
            caption = f"Channel {figures['channel']} of {settings.layer_name}"
            results.show_comparison(
                inputs["content"][0],
                result.data,
                key="map",
                caption=caption,
                name="Photo",
                result_name=f"Channel {figures['channel']}",
                is_split=False,
                neighbors=_list_neighbors(figures),
            )
            st.caption(_describe_activation(figures, shows_field))
    return result, images


def _list_neighbors(figures: Mapping[str, Any]) -> Neighbors:
    """Returns the channels before and after the current one among those with the strongest activation."""

    def open_channel(channel: str) -> None:
        st.session_state["channel"] = int(channel)

    strongest = [str(entry["channel"]) for entry in figures["strongest"]]
    channel = str(figures["channel"])
    return Neighbors.of(channel, strongest if channel in strongest else [channel, *strongest], open_channel)


def _compute_map(settings: XraySettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    """Returns the requested map, else the best of the strongest ones, and the visualizations of its layer.

    Among the strongest maps, the first with a feature visualization is preferred.
    """
    result = live.make_result(TASK, settings, inputs, _CACHE_NAME, _MAX_CACHED)
    if result is None:
        return None, {}
    images = feature_visualizations.load_for_layer(settings, result.figures["strengths"])
    strongest = [entry["channel"] for entry in result.figures["strongest"]]
    best = next((channel for channel in strongest if channel in images), result.figures["channel"])
    if settings.channel is None and best != result.figures["channel"]:
        result = live.make_result(
            TASK, settings.model_copy(update={"channel": best}), inputs, _CACHE_NAME, _MAX_CACHED
        )
    return result, images


def _draw_slider(label: str, key: str) -> float:
    return st.slider(label, 0.0, 1.0, 0.5, 0.01, key=key, bind="query-params")


def _describe_activation(figures: Any, shows_field: bool) -> str:
    text = f"Yellow: strongest activation, {figures['max_activation']:.3g}. Dark: weak activation."
    if not shows_field:
        return text
    height, width = figures["input_size"]
    side = figures["receptive_field"]
    extent = "the whole photo and more" if side >= 2 * max(height, width) else f"{side} × {side} px"
    return (
        f"{text} The dot is one position, with activation {figures['activation']:.3g}. The frame is its "
        f"receptive field: {extent}, of the {width} × {height} px given to the network."
    )


def _draw_strongest_maps(settings: XraySettings, inputs: Inputs, channel: int) -> None:
    """Draws the maps with the strongest activation to choose from."""
    grid_settings = {"show": "maps", "channel": None, "field": False}
    grid = live.make_result(TASK, settings.model_copy(update=grid_settings), inputs, "xray_grids", 4)
    if grid is None:
        return
    channels = [entry["channel"] for entry in grid.figures["strongest"]]
    is_masked = settings.mask or inputs.get("mask")
    rank = "that respond most to the part in the mask" if is_masked else "with the strongest activation"
    label = f"Channels of {settings.layer_name} {rank}"
    feature_visualizations.draw_pills(
        _PILLS_KEY, label, channels, channel, _cut_tiles(grid.data, len(channels))
    )
    inactive_share = grid.figures["inactive_share"]
    if round(100 * inactive_share):
        st.caption(f"{inactive_share:.0%} of this layer's channels are inactive for this photo.")


@st.cache_data(max_entries=8, show_spinner=False)
def _cut_tiles(grid: bytes, count: int) -> list[bytes]:
    """Cuts a grid image into its maps; returns each as a small square WebP."""
    image = Image.fromarray(image_io.read(grid))
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    cell_width, cell_height = (image.width + GAP) / columns, (image.height + GAP) / rows
    tiles = []
    for number in range(count):
        left, top = number % columns * cell_width, number // columns * cell_height
        tile = image.crop(
            (round(left), round(top), round(left + cell_width) - GAP, round(top + cell_height) - GAP)
        )
        square = ImageOps.fit(tile, (_TILE_SIDE, _TILE_SIDE), Image.Resampling.BOX)
        tiles.append(browser_images.encode_webp(square, quality=85))
    return tiles
