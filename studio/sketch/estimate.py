"""How long learning to paint takes, and how much memory. Loads no Keras."""

from __future__ import annotations

from contextlib import suppress

from studio.core import data
from studio.core.errors import StudioError
from studio.core.tasks import Inputs
from studio.sketch.settings import PainterSettings, TrainSketchSettings, TrainTranslateSettings

_IMAGE = 0.017  # s an image of 96 px, of a network of width 16, on two cores
_READ = 0.006  # s to read an image
_PLANES = 22  # bytes a pixel of an avatar, with its roles and a dozen sketches
_BASE = 1.2 * 2**30  # bytes, of Keras and both networks
_PIXEL = 900  # bytes a pixel of a batch, of a network of width 16


def usual_training(settings: TrainSketchSettings, inputs: Inputs) -> float:
    """About how many seconds learning to paint avatars takes on two cores."""
    return _files(inputs) * _READ + _steps(settings)


def needs_training(settings: TrainSketchSettings, inputs: Inputs) -> float:
    """About how many bytes of memory learning to paint avatars takes."""
    return _PLANES * settings.size**2 * _files(inputs) + _networks(settings)


def usual_pairs(settings: TrainTranslateSettings, inputs: Inputs) -> float:
    """About how many seconds learning from pairs takes on two cores."""
    return _files(inputs) * _READ + _steps(settings)


def needs_pairs(settings: TrainTranslateSettings, inputs: Inputs) -> float:
    """About how many bytes of memory learning from pairs takes."""
    return 6 * settings.size**2 * _files(inputs) + _networks(settings)


def _files(inputs: Inputs) -> int:
    with suppress(StudioError):  # which the training itself tells
        return sum(map(data.count, inputs.get("data", ())))
    return 0


def _steps(settings: PainterSettings) -> float:
    each = _IMAGE * (settings.size / 96) ** 2 * (settings.width / 16) ** 1.3
    return settings.steps * settings.batch * each


def _networks(settings: PainterSettings) -> float:
    return _BASE + settings.batch * settings.size**2 * _PIXEL * settings.width / 16
