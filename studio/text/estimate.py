"""Estimates of the time and the memory of training on a text."""

from __future__ import annotations

import numpy as np

from studio.core.tasks import Inputs
from studio.text.batches import make_plan
from studio.text.settings import TrainTextSettings

_SECONDS_PER_CHARACTER = 3.7e-4  # of training with two layers of 512 units, on two cores
_BASE_BYTES = 0.86 * 2**30  # Keras and the text
_UNIT_BYTES = 74  # per unit and character of a batch
_WEIGHT_BYTES = 363  # per unit squared
_CONSTANT_SHARE = 0.05  # share of the time that does not depend on the number of units


def estimate_seconds(settings: TrainTextSettings, inputs: Inputs) -> float:
    """Returns about how many seconds a training run takes on two cores. Loads no Keras.

    Counts bytes, not characters, so it overestimates for texts that are not ASCII.
    """
    length = len(inputs["text"][0].read())
    return estimate_seconds_of_length(settings, length)


def estimate_seconds_of_length(settings: TrainTextSettings, length: int) -> float:
    """Returns the estimate of `estimate_seconds` for a text of `length` characters."""
    plan = make_plan(np.zeros(length, "int8"), settings)  # only the length matters
    characters = plan.steps * plan.streams * plan.sequence
    size_factor = _CONSTANT_SHARE + (settings.units / 512) ** 2 * settings.layers / 2
    return characters * _SECONDS_PER_CHARACTER * size_factor


def estimate_bytes(settings: TrainTextSettings, inputs: Inputs) -> float:
    """Returns about how many bytes of memory a training run takes. Loads no Keras."""
    activations = settings.streams * settings.sequence * settings.layers * settings.units * _UNIT_BYTES
    return _BASE_BYTES + activations + settings.layers * settings.units**2 * _WEIGHT_BYTES
