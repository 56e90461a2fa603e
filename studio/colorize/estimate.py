"""How long coloring and learning it take, and how much memory. Loads no Keras."""

from __future__ import annotations

from studio.colorize import models
from studio.colorize.settings import ColorizeSettings, TrainColorizeSettings
from studio.core.imaging import image_io
from studio.core.tasks import Inputs

_MEGAPIXEL = 0.45  # s, on two cores
_ANSWER = 0.1  # s of the network
_BASE = 0.5 * 2**30  # bytes, of Python, its libraries and a strip
_BYTES = 12  # bytes a pixel

_PRACTICE = 1.9e-12  # s a parameter of each pixel that a network learns from, on two cores
_TRAINING = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL = 100.0  # bytes a channel of each pixel of a batch


def usual(settings: ColorizeSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to color an image, on two cores."""
    return _ANSWER + _MEGAPIXEL * _megapixels(inputs)


def needs(settings: ColorizeSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to color an image."""
    return _BASE + _BYTES * 1e6 * _megapixels(inputs)


def _megapixels(inputs: Inputs) -> float:
    height, width = image_io.size(inputs["content"][0].read())
    return height * width / 1e6


def usual_training(settings: TrainColorizeSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to train a network to color, on two cores."""
    return settings.steps * _pixels(settings) * models.parameters(settings) * _PRACTICE


def needs_training(settings: TrainColorizeSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to train a network to color."""
    return _TRAINING + _pixels(settings) * settings.width * _PIXEL


def _pixels(settings: TrainColorizeSettings) -> int:
    return settings.batch * settings.window**2
