"""Estimates of the time and the memory of training a diffusion model."""

from __future__ import annotations

from studio.core import durations
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.diffusion.settings import TrainDiffusionSettings

_REFERENCE_WIDTH = 32
_WIDTH_EXPONENT = 1.6  # twice as wide costs less than four times as much
_IMAGE_SECONDS = 0.025  # per image of 64 px and step at the reference width, on two cores
_SAMPLING_SECONDS = 0.2  # per generated image of 64 px in 25 steps at the reference width, on two cores
_BASE_BYTES = 1.15 * 2**30  # Keras and images
_IMAGE_BYTES = 22e-3 * 2**30  # per image of a batch, of 64 px at the reference width


def estimate_seconds(settings: TrainDiffusionSettings, inputs: Inputs) -> float:
    """Returns about how many seconds a training run takes on two cores. Loads no Keras."""
    factor = (settings.size / 64) ** 2 * (settings.width / _REFERENCE_WIDTH) ** _WIDTH_EXPONENT
    seconds = settings.steps * settings.batch * _IMAGE_SECONDS * factor
    if settings.scored:
        scored_images = 2 * settings.scored + comparison.COPY_CHECK_IMAGES
        seconds += durations.INCEPTIONV3_SECONDS * scored_images
        seconds += settings.scored * _SAMPLING_SECONDS * factor
    return seconds


def estimate_bytes(settings: TrainDiffusionSettings, inputs: Inputs) -> float:
    """Returns about how many bytes of memory a training run takes. Loads no Keras."""
    factor = (settings.size / 64) ** 2 * settings.width / _REFERENCE_WIDTH
    return _BASE_BYTES + settings.batch * _IMAGE_BYTES * factor
