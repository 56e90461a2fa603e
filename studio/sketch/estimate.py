"""Estimates the seconds and memory of training. Loads no Keras."""

from __future__ import annotations

from contextlib import suppress

from studio.core import data
from studio.core.errors import StudioError
from studio.core.tasks import Inputs
from studio.sketch.settings import TrainSketchSettings, UNetSettings

_IMAGE_SECONDS = 0.017  # s per image of 96 px and step, at width 16, on two cores
_READ_SECONDS = 0.006  # s to read one image
_AVATAR_BYTES = 22  # bytes per pixel of an avatar, with its roles and a dozen sketches
_PAIR_BYTES = 6  # bytes per pixel of a pair
_BASE_BYTES = 1.2 * 2**30  # bytes, of Keras and both networks
_PIXEL_BYTES = 900  # bytes per pixel of a batch, at width 16


def estimate_training_seconds(settings: UNetSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on avatars or on pairs on two cores."""
    image_seconds = _IMAGE_SECONDS * (settings.size / 96) ** 2 * (settings.width / 16) ** 1.3
    return _count_files(inputs) * _READ_SECONDS + settings.steps * settings.batch * image_seconds


def estimate_training_bytes(settings: UNetSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training on avatars or on pairs."""
    example_bytes = _AVATAR_BYTES if isinstance(settings, TrainSketchSettings) else _PAIR_BYTES
    batch_bytes = settings.batch * settings.size**2 * _PIXEL_BYTES * settings.width / 16
    return example_bytes * settings.size**2 * _count_files(inputs) + (_BASE_BYTES + batch_bytes)


def _count_files(inputs: Inputs) -> int:
    with suppress(StudioError):  # training reports the error
        return sum(map(data.count_files, inputs.get("data", ())))
    return 0
