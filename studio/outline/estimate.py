"""How long learning to paint takes, and how much memory. Loads no Keras."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.outline.settings import TrainOutlineSettings

_PICTURE = 0.017  # s a picture of 96 px, of a network of width 16, on two cores
_AVATAR = 0.009  # s to draw an avatar for it
_BASE = 1.2 * 2**30  # bytes, of Keras and both networks
_PIXEL = 900  # bytes a pixel of a batch, of a network of width 16


def usual_training(settings: TrainOutlineSettings, inputs: Inputs) -> float:
    """About how many seconds a training takes on two cores."""
    each = _PICTURE * (settings.size / 96) ** 2 * (settings.width / 16) ** 1.3
    drawn = settings.avatars * _AVATAR
    return drawn + settings.steps * settings.batch * each


def needs_training(settings: TrainOutlineSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a training takes."""
    pixels = settings.size**2
    drawn = 3 * pixels * settings.avatars
    return _BASE + drawn + settings.batch * pixels * _PIXEL * settings.width / 16
