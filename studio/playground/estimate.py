"""Estimates the seconds and memory of training from its multiplications. Loads no NumPy."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.playground.settings import PlaygroundSettings

_PRODUCTS = 30e9  # multiplications per second on one core
_OVERHEAD = 0.0003  # s per step, for any size
_LOOKS = 1.25  # factor: previews take a fifth of the time
_BASE = 0.35 * 2**30  # bytes, of Python and its libraries


def estimate_seconds(settings: PlaygroundSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds on one core."""
    step = _OVERHEAD + 6 * settings.batch * settings.parameters / _PRODUCTS
    pixels = image_io.count_megapixels(inputs["content"][0].read(), settings.size) * 1e6
    image = 2 * pixels * settings.parameters / _PRODUCTS + 2e-7 * pixels
    return _LOOKS * settings.last_step * step + (settings.frames + 1) * image


def estimate_bytes(settings: PlaygroundSettings, inputs: Inputs) -> float:
    """Returns the estimated peak memory in bytes."""
    photo = inputs["content"][0].read()
    learned = image_io.count_megapixels(photo, settings.detail) * 1e6
    batch = settings.batch * settings.width * settings.depth * 4
    values = learned * (settings.inputs + 2 * max(settings.width, settings.inputs)) + batch
    return _BASE + 4 * values + 12 * image_io.count_megapixels(photo, settings.size) * 1e6
