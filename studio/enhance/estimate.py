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
from studio.enhance.sizes import choose_network_scale, compute_size
from studio.enhance.texture import upscale

_UPSCALING_SECONDS = 1.3  # s per megapixel of the small image, on two cores
_CLEANING_SECONDS = 1.8  # s per megapixel, on two cores
# s per megapixel of the small image, on two cores.
_TEXTURE_SECONDS = {TEXTURE_WEIGHTS["photo"]: 190.0, TEXTURE_WEIGHTS["animation"]: 7.0}
_STORING_SECONDS = 0.12  # s per megapixel of the result, to encode and store it
_BASE_BYTES = 0.35 * 2**30  # bytes, of Python, its libraries and a tile
_RESULT_BYTES = 9  # bytes per pixel of the result during encoding
_RESIZED_BYTES = 7  # bytes per pixel of an image, and of its copy of another size, during resizing
_CLEANED_BYTES = 12  # bytes per pixel of a photo during cleaning
_DEEP_FACTOR = 3  # bytes of 16 bits per channel, divided by those of 8
_TEXTURE_BASE_BYTES = 1.1 * 2**30  # bytes, of Keras and the network
_TEXTURE_WINDOW_BYTES = 4_000  # bytes per pixel of the window that the trunk works on
_TEXTURE_RESULT_BYTES = 15  # bytes per pixel of the result of the network, before it is resized

_TRAINING_SECONDS = 1.0e-10  # s per parameter and training pixel, on two cores
_TRAINING_BYTES = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL_BYTES = 6.0  # bytes per channel and small pixel of a batch


def estimate_seconds(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of enhancing an image on two cores."""
    photo, _, result = _count_megapixels(settings, inputs)
    repeats = 8 if settings.ensemble else 1
    runs_twice = settings.deblock == "auto" and 0 < settings.denoise < 1
    seconds = (_UPSCALING_SECONDS if settings.is_enlarging else 0) + (
        _CLEANING_SECONDS * (1 + runs_twice) if settings.cleans else 0
    )
    texture_seconds = photo * _TEXTURE_SECONDS.get(settings.texture_weights, 0.0)
    return photo * seconds * repeats + result * _STORING_SECONDS + texture_seconds


def estimate_bytes(settings: EnhanceSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of enhancing an image."""
    photo, enlarged, result = _count_megapixels(settings, inputs)
    growth = _RESULT_BYTES * result
    if enlarged != result:
        growth = max(growth, _RESIZED_BYTES * (enlarged + result))
    growth += _CLEANED_BYTES * photo if settings.cleans else 0
    growth *= _DEEP_FACTOR if image_io.has_16_bits(inputs["content"][0].read()) else 1
    if settings.texture_weights:
        window = min(photo * 1e6, (upscale.TILE_SIDE + 2 * upscale.HALO) ** 2)
        growth += _TEXTURE_RESULT_BYTES * TEXTURE_SCALE**2 * photo
        return _TEXTURE_BASE_BYTES + _TEXTURE_WINDOW_BYTES * window + growth * 1e6
    return _BASE_BYTES + growth * 1e6


def _count_megapixels(settings: EnhanceSettings, inputs: Inputs) -> tuple[float, float, float]:
    """Counts the megapixels of the photo, of the faithful network's output, and of the resized result."""
    height, width = image_io.read_upright_size(inputs["content"][0].read())
    size = compute_size(settings, height, width)
    scale = choose_network_scale(height, width, size)
    return height * width / 1e6, scale**2 * height * width / 1e6, size[0] * size[1] / 1e6


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
