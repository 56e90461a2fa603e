"""A feature map over the photo, next to the feature visualization of its channel."""

from __future__ import annotations

import io
from typing import Any

import streamlit as st
from PIL import Image

from pages.jobs import live, results, use_again
from pages.widgets import browser_images
from pages.xray import favorites, uses
from pages.xray.input_form import TASK
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs
from studio.xray.drawing import COLUMNS, GAP
from studio.xray.settings import LookSettings

_PILLS = "strongest"
_MAPS, _MOST = "xray", 8  # the maps that a tab keeps


def needs(settings: LookSettings) -> list[str]:
    """The weights that it takes."""
    return [settings.backbone, *(["imagenet-labels"] if settings.backbone == "resnet50" else [])]


def show(settings: LookSettings, inputs: Inputs) -> engine.Live | None:
    """Draws it; gives what was found, if it could be made."""
    photo = inputs["content"][0]
    if not live.ready(TASK, settings, lambda: inputs, before=lambda: photo, needs=needs(settings)):
        return None
    over, beside = st.columns([5, 3], gap="medium")
    with over:
        found, images = _over(settings, inputs)
    if found is None:
        return None
    channel = found.figures["channel"]
    with beside:
        favorites.show(settings, channel, images)
    _strongest(settings, inputs, channel)
    favorites.choose(settings, channel, images)
    with st.container(horizontal=True):
        uses.buttons(settings, channel, inputs)
        live.keep_button(found, key="xray")
        results.download(found.data, TASK, key="xray", made=found.recipe)
        use_again.menu(lambda: File.keep(found.data, "image", "x-ray.png"), key="xray")
    results.recipe(TASK, found.settings, inputs, found.recipe)
    return found


def _over(settings: LookSettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    place, first = st.container(), not live.held(_MAPS)
    waiting = place.empty() if first else None  # at first nothing is there that could stay meanwhile
    if waiting is not None:
        with waiting.container():
            told = "The photo; its feature map follows in a moment."
            browser_images.image(inputs["content"][0], caption=told)
    field = st.toggle(
        "Show the receptive field",
        True,
        key="field",
        bind="query-params",
        help="Frames the part of the photo that can affect one position of the map",
    )
    changed: dict[str, Any] = {"field": field}
    if field:
        across, down = st.columns(2)
        with across:
            changed["across"] = _slider("Across", "across")
        with down:
            changed["down"] = _slider("Down", "down")
    found, images = _best(settings.model_copy(update=changed), inputs)
    if waiting is not None:
        waiting.empty()
    if found is not None:
        with place:
            seen = found.figures
            browser_images.image(found.data, caption=f"Channel {seen['channel']} of {settings.seen}")
            st.caption(_said(seen, field))
    return found, images


def _best(settings: LookSettings, inputs: Inputs) -> tuple[engine.Live | None, dict[int, bytes]]:
    """The map that was asked for, else one of the strongest; and `favorites.of` its layer.

    Of the strongest maps, which the page lists, the first that has an image comes before those without.
    """
    found = live.live_result(TASK, settings, inputs, _MAPS, _MOST)
    if found is None:
        return None, {}
    images = favorites.of(settings, found.figures["strengths"])
    strongest = [one["channel"] for one in found.figures["loudest"]]
    best = next((one for one in strongest if one in images), found.figures["channel"])
    if settings.channel is None and best != found.figures["channel"]:
        found = live.live_result(TASK, settings.model_copy(update={"channel": best}), inputs, _MAPS, _MOST)
    return found, images


def _slider(label: str, key: str) -> float:
    return st.slider(label, 0.0, 1.0, 0.5, 0.01, key=key, bind="query-params")


def _said(told: Any, field: bool) -> str:
    text = f"Yellow: strongest activation, {told['most']:.3g}. Dark: weak activation."
    if not field:
        return text
    height, width = told["seen"]
    whole = told["field"] >= 2 * max(height, width)
    sees = "the whole photo and more" if whole else f"{told['field']} × {told['field']} px"
    return (
        f"{text} The dot is one position, with activation {told['at_place']:.3g}. The frame is its "
        f"receptive field: {sees}, of the {width} × {height} px given to the network."
    )


def _strongest(settings: LookSettings, inputs: Inputs, channel: int) -> None:
    """The maps that answer most strongly, to choose from."""
    plain = {"show": "maps", "channel": None, "field": False}
    grid = live.live_result(TASK, settings.model_copy(update=plain), inputs, "xray_grids", 4)
    if grid is None:
        return
    channels = [one["channel"] for one in grid.figures["loudest"]]
    told = f"Channels of {settings.seen} with the strongest activation"
    favorites.pills(_PILLS, told, channels, channel, _tiles(grid.data, len(channels)))
    silent = round(100 * grid.figures["silent"])
    if silent:
        st.caption(f"{silent} % of this layer's channels are inactive for this photo.")


@st.cache_data(max_entries=8, show_spinner=False)
def _tiles(grid: bytes, count: int) -> list[bytes]:
    """The single maps of a grid of them, each a small square."""
    image = Image.fromarray(image_io.read(grid))
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    wide, tall = (image.width + GAP) / columns, (image.height + GAP) / rows
    found = []
    for number in range(count):
        left, top = number % columns * wide, number // columns * tall
        tile = image.crop((round(left), round(top), round(left + wide) - GAP, round(top + tall) - GAP))
        side = min(tile.size)
        x, y = (tile.width - side) // 2, (tile.height - side) // 2
        body = io.BytesIO()
        square = tile.crop((x, y, x + side, y + side)).resize((112, 112), Image.Resampling.BOX)
        square.save(body, "WEBP", quality=85, method=2)
        found.append(body.getvalue())
    return found
