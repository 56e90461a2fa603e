"""Which networks that enlarge or clean there are; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.enhance.planes import FOLD, TOLD
from studio.enhance.settings import CLEAN, ENLARGE, SCALES, EnhanceSettings, TrainEnhanceSettings

TASK = "enhance.train"
WHAT = {ENLARGE: "a network for upscaling", CLEAN: "a network for denoising"}
SHAPE = ("to", "width", "blocks")  # what weights are shaped by


def settings_of(preset: Preset, to: str) -> TrainEnhanceSettings:
    """The settings of a network that has learned to enlarge or to clean.

    Raises:
        InvalidInput: if it is another kind of model.
    """
    settings = preset.settings_as(TrainEnhanceSettings, TASK, WHAT[to])
    if settings.to != to:
        step = f"choose another, or train one with --to {to}"
        raise invalid(preset.name, expected=WHAT[to], received=WHAT[settings.to], next_step=step)
    return settings


def enlarger_of(settings: EnhanceSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that enlarges: what was given, else what the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found, ENLARGE)
    return found


def cleaner_of(settings: EnhanceSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that cleans, as `enlarger_of`."""
    found = presets.given_or_named(inputs, settings.cleaner, "cleaner")
    settings_of(found, CLEAN)
    return found


def channels(settings: TrainEnhanceSettings) -> tuple[int, tuple[int, ...]]:
    """How many maps a network is shown, and how many each of its heads gives."""
    if settings.to == CLEAN:
        return FOLD**2 * 3 + TOLD, (FOLD**2 * 3,)
    return 1, tuple(scale**2 for scale in SCALES)


def reach(settings: TrainEnhanceSettings) -> int:
    """How far the output of a network depends on its inputs, in places of its maps."""
    return 2 * settings.blocks + 2


def part_of(scale: int) -> str:
    """The name of the exported network that enlarges by a scale."""
    return f"x{scale}"
