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
# Of a Transformer, for each character: seconds on two cores per weight, and per unit and cached character.
_SECONDS_PER_WEIGHT, _SECONDS_PER_KEY_UNIT = 4.3e-11, 2.6e-10
_TRANSFORMER_UNIT_BYTES, _SCORE_BYTES = 90, 12  # per character of a batch: of each unit, and of each score


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
    if settings.architecture == "transformer":
        weights, keys = (
            12 * settings.layers * settings.width**2,
            settings.layers * settings.width * plan.sequence,
        )
        return characters * (weights * _SECONDS_PER_WEIGHT + keys * _SECONDS_PER_KEY_UNIT)
    size_factor = _CONSTANT_SHARE + (settings.units / 512) ** 2 * settings.layers / 2
    return characters * _SECONDS_PER_CHARACTER * size_factor


def estimate_bytes(settings: TrainTextSettings, inputs: Inputs) -> float:
    """Returns about how many bytes of memory a training run takes. Loads no Keras."""
    characters, weight_bytes = settings.streams * settings.sequence, settings.width**2 * _WEIGHT_BYTES
    unit_bytes = settings.units * _UNIT_BYTES
    if settings.architecture == "transformer":
        score_bytes = settings.heads * 2 * settings.sequence * _SCORE_BYTES
        unit_bytes = settings.width * _TRANSFORMER_UNIT_BYTES + score_bytes
        weight_bytes = weight_bytes * 12 // 8  # a Transformer has 12 weights per unit squared, an LSTM 8
    return _BASE_BYTES + settings.layers * (characters * unit_bytes + weight_bytes)
