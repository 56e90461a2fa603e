"""How long enlarging and learning it take, and how much memory. Loads no Keras."""

from __future__ import annotations

from studio.core.pictures import images
from studio.core.tasks import Inputs
from studio.enhance.settings import SCALES, EnhanceSettings, TrainEnhanceSettings

_MEGAPIXEL = 1.3  # s of the small picture, on two cores
_RESULT = 0.12  # s a megapixel of the result, which is encoded and kept
_BASE = 0.35 * 2**30  # bytes, of Python, its libraries and a tile
_RESULT_BYTES = 9  # bytes a pixel of the result, while it is encoded

_PRACTICE = 1.0e-10  # s a parameter of each pixel that a network learns from, on two cores
_TRAINING = 0.95 * 2**30  # bytes, of Keras and the photos
_PIXEL = 6.0  # bytes a channel of each small pixel of a batch


def usual(settings: EnhanceSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to enlarge a picture, on two cores."""
    megapixels = _megapixels(inputs)
    ways = 8 if settings.ensemble else 1
    return megapixels * (_MEGAPIXEL * ways + _RESULT * settings.scale**2)


def needs(settings: EnhanceSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to enlarge a picture."""
    return _BASE + _RESULT_BYTES * 1e6 * _megapixels(inputs) * settings.scale**2


def _megapixels(inputs: Inputs) -> float:
    height, width = images.size(inputs["content"][0].read())
    return height * width / 1e6


def usual_training(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """About how many seconds it takes to teach a network to enlarge, on two cores."""
    return settings.steps * _small_pixels(settings) * parameters(settings) * _PRACTICE


def needs_training(settings: TrainEnhanceSettings, inputs: Inputs) -> float:
    """About how many bytes of memory it takes to teach a network to enlarge."""
    maps = settings.width * (2 + 4 * settings.blocks)
    return _TRAINING + _small_pixels(settings) * maps * _PIXEL


def _small_pixels(settings: TrainEnhanceSettings) -> int:
    return len(SCALES) * settings.batch * settings.window**2


def parameters(settings: TrainEnhanceSettings) -> int:
    """About how many parameters a network has, which is how many products each small pixel takes."""
    width = settings.width
    return 9 * width * (1 + 2 * settings.blocks * width + sum(scale**2 for scale in SCALES))
