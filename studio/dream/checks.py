"""Checks the settings and inputs of dreams; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.dream.settings import DreamSettings
from studio.dream.settings import check as check_layers


def check(settings: DreamSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Checks a dream before it starts.

    Raises:
        InvalidInput: for unknown layers or channels, a mask for a zoom video, or a result too small for the
            network.
    """
    check_layers(settings, inputs)
    for file in inputs.get("content", ()):
        if size := image_io.try_read_size(file.read()):
            check_sides(*size, settings, backbones.find_spec(settings.target.backbone))


def check_sides(height: int, width: int, settings: DreamSettings, spec: backbones.Spec) -> None:
    """Raises `InvalidInput` if the result of a photo of that size is too small for the network."""
    result_size = image_io.fitted_size(height, width, settings.size)
    if min(result_size) < spec.min_side:
        min_size = -(-spec.min_side * max(height, width) // min(height, width))
        raise invalid(
            "size",
            expected=f"a shorter side of at least {spec.min_side} px for {spec.title}",
            received=f"{result_size[1]} x {result_size[0]} px",
            next_step=f"choose a size of {min_size} px or more",
        )
