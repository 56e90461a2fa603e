"""How a DCGAN that has grown learns to enlarge: how long, and whether it does at all. Loads no Keras."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.dcgan import generator
from studio.dcgan.settings import TrainDcganSettings

STEPS, BATCH = 600, 16


def passes_on(settings: TrainDcganSettings) -> bool:
    """Whether the finest layers have the channels to hold what is above and what is below 0."""
    return 2 * (settings.palette or settings.channels) <= settings.width


def steps(settings: TrainDcganSettings) -> int:
    """Of what has grown. A palette, which mixes its colors by the numbers, is left as it is."""
    return 0 if settings.palette or not passes_on(settings) else min(STEPS, settings.steps)


def steps_before(settings: TrainDcganSettings, inputs: Inputs) -> int:
    """Of learning to enlarge, before a training learns anything else; 0 where nothing grows."""
    start = start_from.model(inputs)
    if start is None or start.task != generator.TASK:
        return 0
    return steps(settings) if generator.grows(generator.settings_of(start), settings) else 0
