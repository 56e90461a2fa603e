"""Finds the networks for colorizing; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.colorize.settings import ColorizeSettings, TrainColorizeSettings
from studio.core.models import presets
from studio.core.models.presets import Preset

TASK = "colorize.train"
DESCRIPTION = "a network for colorizing"
SIDE_MULTIPLE = 16  # px: sides of the network's input are multiples of it
OUTPUT_STRIDE = 4  # pixels of the input for each position of the output
SHAPE_SETTINGS = ("width",)  # settings that shape the weights


def settings_of(preset: Preset) -> TrainColorizeSettings:
    """Returns the settings of a network. Raises `InvalidInput` if it is another kind of model."""
    return preset.read_settings_as(TrainColorizeSettings, TASK, DESCRIPTION)


def find_network(settings: ColorizeSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    return presets.load_uploaded_or_named(inputs, settings.network, check=settings_of)


def count_parameters(settings: TrainColorizeSettings) -> int:
    """Returns the number of parameters of a network without loading Keras."""
    return 1855 * settings.width**2 + 412 * settings.width + 246
