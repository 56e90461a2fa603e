"""Which networks that color there are; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.colorize.settings import ColorizeSettings, TrainColorizeSettings
from studio.core.models import presets
from studio.core.models.presets import Preset

TASK = "colorize.train"
WHAT = "a network for colorizing"
TIMES = 16  # sides of its inputs are multiples of so many px
OUTPUT_STRIDE = 4  # pixels of the input for each position of the output
SHAPE = ("width",)  # what weights are shaped by


def settings_of(preset: Preset) -> TrainColorizeSettings:
    """The settings of a network that colors. Raises `InvalidInput` if it is another kind of model."""
    return preset.settings_as(TrainColorizeSettings, TASK, WHAT)


def network_of(settings: ColorizeSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that was given, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found)
    return found


def parameters(settings: TrainColorizeSettings) -> int:
    """How many parameters a network has, without Keras, which counts them."""
    return 1855 * settings.width**2 + 412 * settings.width + 246
