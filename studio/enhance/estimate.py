"""Estimates the seconds and memory of enhancing and of its training. Loads no Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.enhance.models import count_channels
from studio.enhance.planes import FOLD
from studio.enhance.settings import CLEAN, SCALES, EnhanceSettings, TrainEnhanceSettings

_UPSCALING_SECONDS = 1.3  # s per megapixel of the small image, on two cores
_CLEANING_SECONDS = 1.8  # s per megapixel, on two cores
_STORING_SECONDS = 0.12  # s per megapixel of the result, to encode and store it
_BASE_BYTES = 0.35 * 2**30  # bytes, of Python, its libraries and a tile
_RESULT_BYTES = 9  # bytes per pixel of the result during encoding
_CLEANED_BYTES = 12  # bytes per pixel of a photo during cleaning

_TRAINING_SECONDS = 1.0e-10  # s per parameter and training pixel, on two cores
_TRAINING_BYTES = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL_BYTES = 6.0  # bytes per channel and small pixel of a batch


def estimate_seconds(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of enhancing an image on two cores."""
    megapixels = _count_megapixels(inputs)
    repeats = 8 if settings.ensemble else 1
    runs_twice = settings.deblock == "auto" and 0 < settings.denoise < 1
    seconds = (_UPSCALING_SECONDS if settings.scale > 1 else 0) + (
        _CLEANING_SECONDS * (1 + runs_twice) if settings.cleans else 0
    )
    return megapixels * (seconds * repeats + _STORING_SECONDS * settings.scale**2)


def estimate_bytes(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of enhancing an image."""
    growth = _RESULT_BYTES * settings.scale**2 + (_CLEANED_BYTES if settings.cleans else 0)
    return _BASE_BYTES + growth * 1e6 * _count_megapixels(inputs)


def _count_megapixels(inputs: Inputs) -> float:
    height, width = image_io.read_size(inputs["content"][0].read())
    return height * width / 1e6


def estimate_training_seconds(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training a network on two cores."""
    product_seconds = _TRAINING_SECONDS if settings.precision == "float32" else _TRAINING_SECONDS / 2
    return settings.steps * _count_positions(settings) * count_parameters(settings) * product_seconds


def estimate_training_bytes(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training a network."""
    maps = settings.width * (2 + 4 * settings.blocks)
    return _TRAINING_BYTES + _count_positions(settings) * maps * _PIXEL_BYTES


def _count_positions(settings: TrainEnhanceSettings) -> int:
    """Returns the number of positions in the activations of a batch."""
    if settings.to == CLEAN:
        return settings.batch * (settings.window // FOLD) ** 2
    return len(SCALES) * settings.batch * settings.window**2


def count_parameters(settings: TrainEnhanceSettings) -> int:
    """Returns the approximate number of parameters, which is also the products per small pixel."""
    width, (inputs, heads) = settings.width, count_channels(settings)
    return 9 * width * (inputs + 2 * settings.blocks * width + sum(heads))
