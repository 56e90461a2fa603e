"""How long enhancing and learning it take, and how much memory. Loads no Keras."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.tasks import Inputs
from studio.enhance.models import channels
from studio.enhance.planes import FOLD
from studio.enhance.settings import CLEAN, SCALES, EnhanceSettings, TrainEnhanceSettings

_MEGAPIXEL = 1.3  # s of the small image, on two cores
_CLEANING = 1.8  # s a megapixel, likewise
_RESULT = 0.12  # s a megapixel of the result, which is encoded and kept
_BASE = 0.35 * 2**30  # bytes, of Python, its libraries and a tile
_RESULT_BYTES = 9  # bytes a pixel of the result, while it is encoded
_CLEANED_BYTES = 12  # bytes a pixel of a photo that is cleaned

_PRACTICE = 1.0e-10  # s a parameter of each pixel that a network learns from, on two cores
_TRAINING = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL = 6.0  # bytes a channel of each small pixel of a batch


def usual(settings: EnhanceSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to enhance an image, on two cores."""
    megapixels = _megapixels(inputs)
    ways = 8 if settings.ensemble else 1
    both = settings.deblock == "auto" and 0 < settings.denoise < 1
    looks = (_MEGAPIXEL if settings.scale > 1 else 0) + (_CLEANING * (1 + both) if settings.cleans else 0)
    return megapixels * (looks * ways + _RESULT * settings.scale**2)


def needs(settings: EnhanceSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to enhance an image."""
    growth = _RESULT_BYTES * settings.scale**2 + (_CLEANED_BYTES if settings.cleans else 0)
    return _BASE + growth * 1e6 * _megapixels(inputs)


def _megapixels(inputs: Inputs) -> float:
    height, width = image_io.size(inputs["content"][0].read())
    return height * width / 1e6


def usual_training(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to train a network to enlarge or to clean, on two cores."""
    speed = _PRACTICE if settings.precision == "float32" else _PRACTICE / 2
    return settings.steps * _small_pixels(settings) * parameters(settings) * speed


def needs_training(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to train a network to enlarge or to clean."""
    maps = settings.width * (2 + 4 * settings.blocks)
    return _TRAINING + _small_pixels(settings) * maps * _PIXEL


def _small_pixels(settings: TrainEnhanceSettings) -> int:
    """Places of the maps of a batch."""
    if settings.to == CLEAN:
        return settings.batch * (settings.window // FOLD) ** 2
    return len(SCALES) * settings.batch * settings.window**2


def parameters(settings: TrainEnhanceSettings) -> int:
    """About how many parameters a network has, which is how many products each small pixel takes."""
    width, (shown, heads) = settings.width, channels(settings)
    return 9 * width * (shown + 2 * settings.blocks * width + sum(heads))
