"""Estimates the seconds and memory of colorizing and of its training. Loads no Keras."""

from __future__ import annotations

from studio.colorize import models
from studio.colorize.settings import NO_BACKBONE, ColorizeSettings, TrainColorizeSettings
from studio.core.imaging import image_io
from studio.core.tasks import Inputs

_MEGAPIXEL_SECONDS = 0.45  # s per megapixel, on two cores
_NETWORK_SECONDS = 0.1  # s, one pass of the network
_HINTS_SECONDS = 1.3  # s, to spread color hints
_BASE_BYTES = 0.5 * 2**30  # bytes, of Python, its libraries and a strip
_PIXEL_BYTES = 12  # bytes per pixel

_TRAINING_SECONDS = 1.9e-12  # s per parameter and training pixel, on two cores
_FEATURES_SECONDS = 1e-6  # s per training pixel, of the backbone
_TRAINING_BYTES = 0.95 * 2**30  # bytes, of Keras and the photos
_ACTIVATION_BYTES = 100.0  # bytes per channel and pixel of a batch


def estimate_seconds(settings: ColorizeSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of colorizing an image on two cores."""
    hints_seconds = _HINTS_SECONDS if inputs.get("color_hints") else 0.0
    return _NETWORK_SECONDS + hints_seconds + _MEGAPIXEL_SECONDS * _count_megapixels(inputs)


def estimate_bytes(settings: ColorizeSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of colorizing an image."""
    return _BASE_BYTES + _PIXEL_BYTES * 1e6 * _count_megapixels(inputs)


def _count_megapixels(inputs: Inputs) -> float:
    height, width = image_io.read_size(inputs["content"][0].read())
    return height * width / 1e6


def estimate_training_seconds(settings: TrainColorizeSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on two cores."""
    pixel_seconds = models.count_parameters(settings) * _TRAINING_SECONDS
    if settings.backbone != NO_BACKBONE:
        pixel_seconds += _FEATURES_SECONDS
    return settings.steps * _count_batch_pixels(settings) * pixel_seconds


def estimate_training_bytes(settings: TrainColorizeSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training."""
    return _TRAINING_BYTES + _count_batch_pixels(settings) * settings.width * _ACTIVATION_BYTES


def _count_batch_pixels(settings: TrainColorizeSettings) -> int:
    return settings.batch * settings.window**2
