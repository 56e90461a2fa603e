"""Finds the networks that detect damage; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.restore.settings import RestoreSettings, TrainRestoreSettings

TASK = "restore.train"
DESCRIPTION = "a network that detects damage"
SIDE_MULTIPLE = 16  # px: sides of the network's input are multiples of it
SHAPE_SETTINGS = ("width",)  # settings that shape the weights


def settings_of(preset: Preset) -> TrainRestoreSettings:
    """Returns the settings of a network. Raises `InvalidInput` if it is another kind of model."""
    return preset.read_settings_as(TrainRestoreSettings, TASK, DESCRIPTION)


def find_network(settings: RestoreSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    return presets.load_uploaded_or_named(inputs, settings.network, check=settings_of)
