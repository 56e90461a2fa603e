"""Finds the networks for upscaling and denoising; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from studio.core.errors import invalid
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.enhance.planes import CONDITION_MAPS, FOLD
from studio.enhance.settings import CLEAN, ENLARGE, SCALES, EnhanceSettings, TrainEnhanceSettings

TASK = "enhance.train"
DESCRIPTIONS = {ENLARGE: "a network for upscaling", CLEAN: "a network for denoising"}
SHAPE_SETTINGS = ("to", "width", "blocks")  # settings that shape the weights


def settings_of(preset: Preset, to: str) -> TrainEnhanceSettings:
    """Returns the settings of a network for upscaling or denoising.

    Raises:
        InvalidInput: if it is another kind of model.
    """
    settings = preset.read_settings_as(TrainEnhanceSettings, TASK, DESCRIPTIONS[to])
    if settings.to != to:
        step = f"choose another, or train one with --to {to}"
        raise invalid(
            preset.name, expected=DESCRIPTIONS[to], received=DESCRIPTIONS[settings.to], next_step=step
        )
    return settings


def find_enlarger(settings: EnhanceSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network for upscaling: from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    check = partial(settings_of, to=ENLARGE)
    return presets.load_uploaded_or_named(inputs, settings.network, check=check)


def find_cleaner(settings: EnhanceSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network for denoising, like `find_enlarger`."""
    check = partial(settings_of, to=CLEAN)
    return presets.load_uploaded_or_named(inputs, settings.cleaner, "cleaner", check=check)


def count_channels(settings: TrainEnhanceSettings) -> tuple[int, tuple[int, ...]]:
    """Returns the number of input channels, and the output channels of each head."""
    if settings.to == CLEAN:
        return FOLD**2 * 3 + CONDITION_MAPS, (FOLD**2 * 3,)
    return 1, tuple(scale**2 for scale in SCALES)


def receptive_radius(settings: TrainEnhanceSettings) -> int:
    """Returns the radius of the receptive field in positions."""
    return 2 * settings.blocks + 2


def network_name(scale: int) -> str:
    """Returns the name of the exported network of a scale."""
    return f"x{scale}"
