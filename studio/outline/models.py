"""Which networks that paint from drawings there are; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.outline.settings import OutlineSettings, TrainOutlineSettings

TASK = "outline.train"
WHAT = "a network that paints avatars"
SHAPE = ("size", "width", "judge_width")  # what weights are shaped by


def settings_of(preset: Preset) -> TrainOutlineSettings:
    """The settings of a network that paints. Raises `InvalidInput` if it is another kind of model."""
    return preset.settings_as(TrainOutlineSettings, TASK, WHAT)


def network_of(settings: OutlineSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that was given, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found)
    return found


def check_network(settings: OutlineSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless there is such a network."""
    network_of(settings, inputs)


def check(settings: TrainOutlineSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless a network to start from fits."""
    start_from.check(settings, inputs, TASK, WHAT, SHAPE)
