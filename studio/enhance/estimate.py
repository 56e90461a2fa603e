"""Estimates the seconds and memory of enhancing and of its training. Loads no Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.enhance.models import count_channels
from studio.enhance.planes import FOLD
from studio.enhance.settings import (
    CLEAN,
    SCALES,
    TEXTURE_SCALE,
    TEXTURE_WEIGHTS,
    EnhanceSettings,
    TrainEnhanceSettings,
)
from studio.enhance.sizes import compute_size
from studio.enhance.texture import upscale

_UPSCALING_SECONDS = 1.3  # s per megapixel of the small image, on two cores
_CLEANING_SECONDS = 1.8  # s per megapixel, on two cores
# s per megapixel of the small image, on two cores.
_TEXTURE_SECONDS = {TEXTURE_WEIGHTS["photo"]: 190.0, TEXTURE_WEIGHTS["animation"]: 7.0}
_STORING_SECONDS = 0.12  # s per megapixel of the result, to encode and store it
_BASE_BYTES = 0.35 * 2**30  # bytes, of Python, its libraries and a tile
_RESULT_BYTES = 9  # bytes per pixel of the result during encoding
_CLEANED_BYTES = 12  # bytes per pixel of a photo during cleaning
_TEXTURE_BASE_BYTES = 1.1 * 2**30  # bytes, of Keras and the network
_TEXTURE_WINDOW_BYTES = 4_000  # bytes per pixel of the window that the trunk works on
_TEXTURE_RESULT_BYTES = 15  # bytes per pixel of the result of the network, before it is resized

_TRAINING_SECONDS = 1.0e-10  # s per parameter and training pixel, on two cores
_TRAINING_BYTES = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL_BYTES = 6.0  # bytes per channel and small pixel of a batch


def estimate_seconds(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of enhancing an image on two cores."""
    photo, result = _count_megapixels(settings, inputs)
    repeats = 8 if settings.ensemble else 1
    runs_twice = settings.deblock == "auto" and 0 < settings.denoise < 1
    seconds = (_UPSCALING_SECONDS if settings.is_enlarging else 0) + (
        _CLEANING_SECONDS * (1 + runs_twice) if settings.cleans else 0
    )
    texture_seconds = 0.0
    if settings.texture_weights and settings.is_enlarging:
        texture_seconds = _TEXTURE_SECONDS[settings.texture_weights] * photo
    return photo * seconds * repeats + result * _STORING_SECONDS + texture_seconds


def estimate_bytes(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of enhancing an image."""
    photo, result = _count_megapixels(settings, inputs)
    growth = _RESULT_BYTES * result + (_CLEANED_BYTES * photo if settings.cleans else 0)
    if settings.texture_weights and settings.is_enlarging:
        window = min(photo * 1e6, (upscale.TILE_SIDE + 2 * upscale.HALO) ** 2)
        growth += _TEXTURE_RESULT_BYTES * TEXTURE_SCALE**2 * photo
        return _TEXTURE_BASE_BYTES + _TEXTURE_WINDOW_BYTES * window + growth * 1e6
    return _BASE_BYTES + growth * 1e6


def _count_megapixels(settings: EnhanceSettings, inputs: Inputs) -> tuple[float, float]:
    """Counts the megapixels of the photo and of the result."""
    height, width = image_io.read_upright_size(inputs["content"][0].read())
    result_height, result_width = compute_size(settings, height, width)
    return height * width / 1e6, result_height * result_width / 1e6


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
