"""The layers of the network of an X-ray, each with its receptive field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import layer_strip

_EXPLANATION = (
    "Each block is a layer, from input to output. Below it: name, map size, channels, parameters and "
    "receptive field in px of the photo."
)


def show(layers: Sequence[Mapping[str, Any]], selected: str) -> None:
    """Draws every named layer.

    Args:
        layers: from the figures of an X-ray.
        selected: name of the layer to highlight.
    """
    described = [{**layer, "note": f"receptive field {layer['receptive_field']:,} px"} for layer in layers]
    layer_strip.show(described, _EXPLANATION, selected)
