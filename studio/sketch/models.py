"""Finds the networks that turn drawings into images; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.sketch.settings import (
    SketchSettings,
    TrainSketchSettings,
    TrainTranslateSettings,
    TranslateSettings,
    UNetSettings,
)

TASK, PAIRS_TASK = "sketch.train", "sketch.train_pairs"
DESCRIPTION = "a network that paints avatars"
PAIRS_DESCRIPTION = "a network that was trained on pairs"
SHAPE_SETTINGS = ("size", "width", "discriminator_width")  # settings that shape the weights


def settings_of(preset: Preset) -> UNetSettings:
    """Returns the settings of a network of either kind. Raises `InvalidInput` for other models."""
    if preset.task == PAIRS_TASK:
        return pairs_settings_of(preset)
    return preset.read_settings_as(TrainSketchSettings, TASK, DESCRIPTION)


def pairs_settings_of(preset: Preset) -> TrainTranslateSettings:
    """Returns the settings of a network trained on pairs. Raises `InvalidInput` for other models."""
    return preset.read_settings_as(TrainTranslateSettings, PAIRS_TASK, PAIRS_DESCRIPTION)


def find_network(settings: SketchSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the avatar network from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    preset = presets.load_uploaded_or_named(inputs, settings.network)
    if preset.task == PAIRS_TASK:
        step = "use it with `studio translate`, or choose another"
        raise invalid("network", expected=DESCRIPTION, received=PAIRS_DESCRIPTION, next_step=step)
    settings_of(preset)
    return preset


def find_pairs_network(settings: TranslateSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network trained on pairs from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    if not settings.network and not inputs.get("network"):
        step = "train one with `studio train translate PAIRS -o DIR`, then pass it as --network DIR"
        raise invalid("network", expected=PAIRS_DESCRIPTION, received="none", next_step=step)
    return presets.load_uploaded_or_named(inputs, settings.network, check=pairs_settings_of)


def check_training(settings: TrainSketchSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a network to start from does not fit."""
    start_from.check(settings, inputs, TASK, DESCRIPTION, SHAPE_SETTINGS)


def check_pairs_training(settings: TrainTranslateSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a network to start from does not fit."""
    start_from.check(settings, inputs, PAIRS_TASK, PAIRS_DESCRIPTION, SHAPE_SETTINGS)
