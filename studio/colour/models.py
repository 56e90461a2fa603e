"""Which networks that colour there are, and how their weights lie in a file; loads no Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from studio.colour import bins
from studio.colour.settings import ColourSettings, TrainColourSettings
from studio.colour.written import BLOCKS, CHANNELS, SEEN
from studio.core.models import presets
from studio.core.models.loading import place
from studio.core.models.presets import Preset

TASK = "colour.train"
WHAT = "a network that colours"
SHAPE = ("width",)  # what weights are shaped by


def settings_of(preset: Preset) -> TrainColourSettings:
    """The settings of a network that colours. Raises `InvalidInput` if it is another kind of model."""
    return preset.settings_as(TrainColourSettings, TASK, WHAT)


def network_of(settings: ColourSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that was given, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found)
    return found


def layout(settings: TrainColourSettings) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of the network in a `.weights.h5`, and its shape, in its own order."""
    for n, shape in enumerate(_kernels(settings.width)):
        yield place("conv2d", n, 0), shape
        yield place("conv2d", n, 1), shape[-1:]
    yield place("prior", 0, 0), (len(bins.centres()),)


def _kernels(width: int) -> Iterator[tuple[int, int, int, int]]:
    widths = [n * width for n in CHANNELS]
    yield 5, 5, SEEN, width
    for before, after, count in zip([width, *widths], widths, BLOCKS, strict=False):
        yield 3, 3, before, after
        yield from [(3, 3, after, after)] * (2 * count)
    yield 1, 1, widths[-1], widths[-1]
    for below, after in zip(widths[:0:-1], widths[-2::-1], strict=True):
        yield 1, 1, below, after
        yield 3, 3, 2 * after, after
        yield from [(3, 3, after, after)] * 2
    yield 1, 1, widths[0], len(bins.centres())


def parameters(settings: TrainColourSettings) -> int:
    """How many parameters a network has."""
    return sum(math.prod(shape) for _, shape in layout(settings))
