"""Estimates the seconds and memory of training. Loads no Keras."""

from __future__ import annotations

from contextlib import suppress

from studio.core import data
from studio.core.errors import StudioError
from studio.core.tasks import Inputs
from studio.sketch.settings import TrainSketchSettings, TrainTranslateSettings, UNetSettings

_IMAGE = 0.017  # s per image of 96 px and step, at width 16, on two cores
_READ = 0.006  # s to read one image
_PLANES = 22  # bytes per pixel of an avatar, with its roles and a dozen sketches
_BASE = 1.2 * 2**30  # bytes, of Keras and both networks
_PIXEL = 900  # bytes per pixel of a batch, at width 16


def estimate_training_seconds(settings: TrainSketchSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on avatars on two cores."""
    return _files(inputs) * _READ + _steps(settings)


def estimate_training_bytes(settings: TrainSketchSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training on avatars."""
    return _PLANES * settings.size**2 * _files(inputs) + _networks(settings)


def estimate_pairs_seconds(settings: TrainTranslateSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on pairs on two cores."""
    return _files(inputs) * _READ + _steps(settings)


def estimate_pairs_bytes(settings: TrainTranslateSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training on pairs."""
    return 6 * settings.size**2 * _files(inputs) + _networks(settings)


def _files(inputs: Inputs) -> int:
    with suppress(StudioError):  # training reports the error
        return sum(map(data.count_files, inputs.get("data", ())))
    return 0


def _steps(settings: UNetSettings) -> float:
    each = _IMAGE * (settings.size / 96) ** 2 * (settings.width / 16) ** 1.3
    return settings.steps * settings.batch * each


def _networks(settings: UNetSettings) -> float:
    return _BASE + settings.batch * settings.size**2 * _PIXEL * settings.width / 16
