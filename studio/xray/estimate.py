"""How long an X-ray takes and how much memory. Loads no Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.xray.settings import FilterSettings, LookSettings

_LOADING = 1.0  # s, of a network that is not in memory yet
_SECONDS = 12.0  # a megapixel of the photo as the network sees it, on one core
_BASE = 0.9 * 2**30  # bytes, of Keras and a network
_BYTES = 1.6 * 2**30  # a megapixel


def usual(settings: LookSettings | FilterSettings, inputs: Inputs) -> float:
    """About how many seconds it takes."""
    return _LOADING + _SECONDS * image_io.megapixels(inputs["content"][0].read(), settings.size)


def needs(settings: LookSettings | FilterSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes at most."""
    return _BASE + _BYTES * image_io.megapixels(inputs["content"][0].read(), settings.size)
