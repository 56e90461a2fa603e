"""A feature map over the photo, next to the feature visualization of its channel."""

from __future__ import annotations

import io
from typing import Any

import streamlit as st
from PIL import Image

from pages.jobs import live, results, use_again
from pages.widgets import browser_images
from pages.xray import feature_visualizations, uses
from pages.xray.input_form import TASK
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs
from studio.xray.drawing import COLUMNS, GAP
from studio.xray.settings import LookSettings

_PILLS = "strongest"
_MAPS, _MOST = "xray", 8  # feature maps that a tab caches


def needs(settings: LookSettings) -> list[str]:
    """Returns the names of the weights that settings need."""
    return [settings.backbone, *(["imagenet-labels"] if settings.backbone == "resnet50" else [])]


def show(settings: LookSettings, inputs: Inputs) -> engine.Live | None:
    """Draws the feature map and its actions; returns the live result, or None without one."""
    photo = inputs["content"][0]
    if not live.ready(TASK, settings, lambda: inputs, before=lambda: photo, needs=needs(settings)):
        return None
    map_area, side_area = st.columns([5, 3], gap="medium")
    with map_area:
        result, images = _draw_map(settings, inputs)
    if result is None:
        return None
    channel = result.figures["channel"]
    with side_area:
        feature_visualizations.show(settings, channel, images)
    _strongest(settings, inputs, channel)
    feature_visualizations.choose(settings, channel, images)
    with st.container(horizontal=True):
        uses.buttons(settings, channel, inputs)
        live.keep_button(result, key="xray")
        results.download(result.data, TASK, key="xray", recipe=result.recipe)
        use_again.menu(lambda: File.keep(result.data, "image", "x-ray.png"), key="xray")
    results.show_recipe(TASK, result.settings, inputs, result.recipe)
    return result


def _draw_map(settings: LookSettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    map_area, is_first = st.container(), not live.recent_results(_MAPS)
    # The first time there is no earlier map to show meanwhile.
    placeholder = map_area.empty() if is_first else None
    if placeholder is not None:
        with placeholder.container():
            caption = "The photo; its feature map follows in a moment."
            browser_images.image(inputs["content"][0], caption=caption)
    field = st.toggle(
        "Show the receptive field",
        True,
        key="field",
        bind="query-params",
        help="Draws a frame around the part of the photo that can affect one position of the map",
    )
    position_settings: dict[str, Any] = {"field": field}
    if field:
        across, down = st.columns(2)
        with across:
            position_settings["across"] = _slider("Across", "across")
        with down:
            position_settings["down"] = _slider("Down", "down")
    result, images = _best(settings.model_copy(update=position_settings), inputs)
    if placeholder is not None:
        placeholder.empty()
    if result is not None:
        with map_area:
            figures = result.figures
            caption = f"Channel {figures['channel']} of {settings.layer_name}"
            browser_images.image(result.data, caption=caption)
            st.caption(_activation_text(figures, field))
    return result, images


def _best(settings: LookSettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    """Returns the requested map, else the best of the strongest ones, and the visualizations of its layer.

    Among the strongest maps, the first with a feature visualization is preferred.
    """
    result = live.live_result(TASK, settings, inputs, _MAPS, _MOST)
    if result is None:
        return None, {}
    images = feature_visualizations.of_layer(settings, result.figures["strengths"])
    strongest = [entry["channel"] for entry in result.figures["loudest"]]
    best = next((channel for channel in strongest if channel in images), result.figures["channel"])
    if settings.channel is None and best != result.figures["channel"]:
        result = live.live_result(TASK, settings.model_copy(update={"channel": best}), inputs, _MAPS, _MOST)
    return result, images


def _slider(label: str, key: str) -> float:
    return st.slider(label, 0.0, 1.0, 0.5, 0.01, key=key, bind="query-params")


def _activation_text(figures: Any, field: bool) -> str:
    text = f"Yellow: strongest activation, {figures['most']:.3g}. Dark: weak activation."
    if not field:
        return text
    height, width = figures["seen"]
    covers_photo = figures["field"] >= 2 * max(height, width)
    extent = "the whole photo and more" if covers_photo else f"{figures['field']} × {figures['field']} px"
    return (
        f"{text} The dot is one position, with activation {figures['at_place']:.3g}. The frame is its "
        f"receptive field: {extent}, of the {width} × {height} px given to the network."
    )


def _strongest(settings: LookSettings, inputs: Inputs, channel: int) -> None:
    """Draws the maps with the strongest activation to choose from."""
    grid_settings = {"show": "maps", "channel": None, "field": False}
    grid = live.live_result(TASK, settings.model_copy(update=grid_settings), inputs, "xray_grids", 4)
    if grid is None:
        return
    channels = [entry["channel"] for entry in grid.figures["loudest"]]
    label = f"Channels of {settings.layer_name} with the strongest activation"
    feature_visualizations.pills(_PILLS, label, channels, channel, _tiles(grid.data, len(channels)))
    silent = round(100 * grid.figures["silent"])
    if silent:
        st.caption(f"{silent} % of this layer's channels are inactive for this photo.")


@st.cache_data(max_entries=8, show_spinner=False)
def _tiles(grid: bytes, count: int) -> list[bytes]:
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
        side = min(tile.size)
        x, y = (tile.width - side) // 2, (tile.height - side) // 2
        body = io.BytesIO()
        square = tile.crop((x, y, x + side, y + side)).resize((112, 112), Image.Resampling.BOX)
        square.save(body, "WEBP", quality=85, method=2)
        tiles.append(body.getvalue())
    return tiles
