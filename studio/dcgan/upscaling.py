"""Number of steps in which a grown DCGAN trains its upscaling. Loads no Keras."""

from __future__ import annotations

from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.dcgan import generator
from studio.dcgan.settings import TrainDcganSettings

STEPS, BATCH = 600, 16


def has_enough_channels(settings: TrainDcganSettings) -> bool:
    """Returns whether the finest layers have enough channels for positive and negative parts of an image."""
    return 2 * (settings.palette or settings.channels) <= settings.width


def count_upscaling_steps(settings: TrainDcganSettings) -> int:
    """Returns the steps of upscaling training for a grown model; 0 with a palette, which needs latents."""
    return 0 if settings.palette or not has_enough_channels(settings) else min(STEPS, settings.steps)


def count_upscaling_steps_before(settings: TrainDcganSettings, inputs: Inputs) -> int:
    """Returns the steps of upscaling training that precede a training run; 0 if the model does not grow."""
    start = start_from.load_model(inputs)
    if start is None or start.task != generator.TASK:
        return 0
    return count_upscaling_steps(settings) if generator.grows(generator.settings_of(start), settings) else 0
