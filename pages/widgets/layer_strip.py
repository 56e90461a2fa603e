"""The network as a row of blocks, whose height and width show the size and number of feature maps."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import assets

_MAX_HEIGHT, _MIN_HEIGHT = 4.5, 0.35  # rem: height of the largest maps, and least height
_STYLE = assets.render_style(__file__, "layer_strip.css")


def show(layers: Sequence[Mapping[str, Any]], explanation: str, selected: str = "") -> None:
    """Draws layers or stages with the size of their maps and their parameters.

    Args:
        layers: each with `name`, `height`, `width`, `channels`, `parameters` and, optionally, a `note`.
        explanation: what a block is, in sentences.
        selected: name of the layer to highlight.
    """
    tallest = max(layer["height"] for layer in layers)
    boxes = "".join(_build_box_html(layer, tallest, layer["name"] == selected) for layer in layers)
    total = sum(layer["parameters"] for layer in layers)
    st.markdown("**Layers**")
    st.html(f'{_STYLE}<div class="layers" role="list">{boxes}</div>')
    st.caption(
        f"{explanation} A block's height shows the size of its maps, its width the number of "
        f"channels. The network has {total:,} parameters."
    )


def _build_box_html(layer: Mapping[str, Any], tallest: int, is_selected: bool) -> str:
    height = max(_MIN_HEIGHT, _MAX_HEIGHT * math.sqrt(layer["height"] / tallest))
    width = 8 * math.log2(layer["channels"])
    parameters = f"{format_count(layer['parameters'])} parameters" if layer["parameters"] else "no parameters"
    note = f"<span>{html.escape(layer['note'])}</span>" if "note" in layer else ""
    return (
        f'<div role="listitem"{" class=chosen" if is_selected else ""}>'
        f'<i style="height:{height:.2f}rem;width:{min(100, width):.0f}%"></i>'
        f"<b>{html.escape(layer['name'])}</b>"
        f"<span>{layer['width']} × {layer['height']}, {layer['channels']:,} channels</span>"
        f"<span>{parameters}</span>{note}</div>"
    )


def format_count(number: int) -> str:
    """Formats a number of parameters: 1,180,160 -> "1.2 million"."""
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} million"
    return f"{number / 1000:.0f} thousand" if number >= 10_000 else f"{number:,}"
