"""How long it takes to learn a text, and how much memory."""

from __future__ import annotations

import numpy as np

from studio.core.tasks import Inputs
from studio.text.batches import plan
from studio.text.settings import TrainTextSettings

_CHARACTER = 3.7e-4  # s a character that two layers of 512 units read and learn from, on two cores
_BASE = 0.86 * 2**30  # bytes, of Keras and the text
_UNIT_BYTES, _WEIGHT_BYTES = 74, 363  # of each unit at each character of a lesson, and each unit squared
_LEAST = 0.05  # the share of it that does not become less with fewer units


def usual(settings: TrainTextSettings, inputs: Inputs) -> float:
    """About how many seconds a training run takes on two cores. Loads no Keras.

    A character is taken for a byte, so a text of many others is learned sooner than this says.
    """
    length = len(inputs["text"][0].read())
    return of_length(settings, length)


def of_length(settings: TrainTextSettings, length: int) -> float:
    """As `usual`, of a text of so many characters."""
    read = plan(np.zeros(length, "int8"), settings)  # whose length alone decides
    characters = read.steps * read.streams * read.sequence
    return characters * _CHARACTER * (_LEAST + (settings.units / 512) ** 2 * settings.layers / 2)


def needs(settings: TrainTextSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a training run takes. Loads no Keras."""
    held = settings.streams * settings.sequence * settings.layers * settings.units * _UNIT_BYTES
    return _BASE + held + settings.layers * settings.units**2 * _WEIGHT_BYTES
