"""The network as a row of blocks, each as tall as its maps are and as wide as there are many."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import assets

_TALL, _LEAST = 4.5, 0.35  # rem of the first maps, and of the smallest
_STYLE = assets.style(__file__, "layer_strip.css")


def show(layers: Sequence[Mapping[str, Any]], chosen: str) -> None:
    """Draws every named layer with the size of its maps and what was learned for it.

    Args:
        layers: as the figures of an X-ray have them.
        chosen: the name of one.
    """
    tallest = max(layer["height"] for layer in layers)
    boxes = "".join(_box(layer, tallest, layer["name"] == chosen) for layer in layers)
    total = sum(layer["parameters"] for layer in layers)
    st.markdown("**Layers**")
    st.html(f'{_STYLE}<div class="layers" role="list">{boxes}</div>')
    st.caption(
        "Each block is a layer, from input to output. Its height shows the size of its maps, its width the "
        "number of channels. Below it: name, map size, channels, parameters and receptive field in px of "
        f"the photo. The network has {total:,} parameters."
    )


def _box(layer: Mapping[str, Any], tallest: int, chosen: bool) -> str:
    tall = max(_LEAST, _TALL * math.sqrt(layer["height"] / tallest))
    wide = 8 * math.log2(layer["channels"])
    learned = f"{short(layer['parameters'])} parameters" if layer["parameters"] else "no parameters"
    return (
        f'<div role="listitem"{" class=chosen" if chosen else ""}>'
        f'<i style="height:{tall:.2f}rem;width:{min(100, wide):.0f}%"></i><b>{html.escape(layer["name"])}</b>'
        f"<span>{layer['width']} × {layer['height']}, {layer['channels']:,} channels</span>"
        f"<span>{learned}</span><span>receptive field {layer['field']:,} px</span></div>"
    )


def short(number: int) -> str:
    """A number of parameters as people say it: 1,180,160 -> "1.2 million"."""
    if number >= 1_000_000:
        return f"{number / 1e6:.1f} million"
    return f"{number / 1000:.0f} thousand" if number >= 10_000 else f"{number:,}"
