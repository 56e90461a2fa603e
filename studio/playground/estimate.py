"""Estimates the seconds and memory of training from its multiplications. Loads no NumPy."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.playground.settings import ClassificationSettings, PlaygroundSettings

_PRODUCTS_PER_SECOND = 30e9  # multiplications per second on one core
_STEP_SECONDS = 0.0003  # s per step, for any size
_PREVIEW_FACTOR = 1.25  # factor: previews take a fifth of the time
_CLASSIFICATION_STEP_SECONDS = 0.0006  # s per step, for any size
_DIAGRAM_SECONDS = 0.1  # s, at the default size
_BASE_BYTES = 0.35 * 2**30  # bytes, of Python and its libraries


def estimate_seconds(settings: PlaygroundSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds on one core."""
    step_seconds = _STEP_SECONDS + 6 * settings.batch * settings.parameters / _PRODUCTS_PER_SECOND
    pixels = image_io.count_megapixels(inputs["content"][0].read(), settings.size) * 1e6
    image_seconds = 2 * pixels * settings.parameters / _PRODUCTS_PER_SECOND + 2e-7 * pixels
    return _PREVIEW_FACTOR * settings.last_step * step_seconds + (settings.frames + 1) * image_seconds


def estimate_classification_seconds(settings: ClassificationSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds on one core."""
    step_seconds = settings.last_step * _CLASSIFICATION_STEP_SECONDS * (1 + settings.depth / 4)
    default_size = type(settings).model_fields["size"].default
    diagram_seconds = _DIAGRAM_SECONDS * (settings.size / default_size) ** 2
    return _PREVIEW_FACTOR * step_seconds + (settings.frames + 1) * diagram_seconds


def estimate_bytes(settings: PlaygroundSettings, inputs: Inputs) -> float:
    """Returns the estimated peak memory in bytes."""
    photo = inputs["content"][0].read()
    training_pixels = image_io.count_megapixels(photo, settings.detail) * 1e6
    batch_values = settings.batch * settings.width * settings.depth * 4
    values = training_pixels * (settings.inputs + 2 * max(settings.width, settings.inputs)) + batch_values
    return _BASE_BYTES + 4 * values + 12 * image_io.count_megapixels(photo, settings.size) * 1e6
