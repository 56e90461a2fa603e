"""Estimates time and memory of an X-ray. Does not load Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.xray.settings import FilterSettings, XraySettings

_LOADING_SECONDS = 1.0  # seconds to load a network
_SECONDS_PER_MEGAPIXEL = 12.0  # seconds per megapixel of the network's input, on one core
_BASE_BYTES = 0.9 * 2**30  # bytes for Keras and a network
_BYTES_PER_MEGAPIXEL = 1.6 * 2**30  # bytes per megapixel


def estimate_seconds(settings: XraySettings | FilterSettings, inputs: Inputs) -> float:
    """Estimates the seconds."""
    return _LOADING_SECONDS + _SECONDS_PER_MEGAPIXEL * image_io.count_megapixels(
        inputs["content"][0].read(), settings.size
    )


def estimate_bytes(settings: XraySettings | FilterSettings, inputs: Inputs) -> float:
    """Estimates the maximum memory in bytes."""
    return _BASE_BYTES + _BYTES_PER_MEGAPIXEL * image_io.count_megapixels(
        inputs["content"][0].read(), settings.size
    )
