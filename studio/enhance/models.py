"""Which networks that enlarge there are, and how their weights lie in a file; loads no Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from studio.core.models import presets
from studio.core.models.loading import place
from studio.core.models.presets import Preset
from studio.enhance.settings import SCALES, EnhanceSettings, TrainEnhanceSettings

TASK = "enhance.train"
WHAT = "a network that enlarges"
SHAPE = ("width", "blocks")  # what weights are shaped by


def settings_of(preset: Preset) -> TrainEnhanceSettings:
    """The settings of a network that enlarges. Raises `InvalidInput` if it is another kind of model."""
    return preset.settings_as(TrainEnhanceSettings, TASK, WHAT)


def network_of(settings: EnhanceSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that was given, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found)
    return found


def layout(settings: TrainEnhanceSettings) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of the network in a `.weights.h5`, and its shape, in its own order."""
    width = settings.width
    into = [1, *[width] * (2 * settings.blocks + len(SCALES))]
    out = [*[width] * (1 + 2 * settings.blocks), *[scale**2 for scale in SCALES]]
    for n, (inputs, channels) in enumerate(zip(into, out, strict=True)):
        yield place("conv2d", n, 0), (3, 3, inputs, channels)
        yield place("conv2d", n, 1), (channels,)
