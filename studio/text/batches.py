"""Splits a text into training, validation and test, and the training split into batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from studio.text.settings import TrainTextSettings

LEAST_STEPS, USUAL_EPOCHS, MOST_EPOCHS = 600, 12, 100


@dataclass(frozen=True)
class Plan:
    """The splits of a text and the shape of its batches, from its length and the settings.

    Attributes:
        train: `(n,) int32` characters of the training split.
        validation: characters after it, half of those held out; selects the weights.
        test: the last characters, which select nothing.
        streams, sequence: shape of a batch: parts read in parallel, characters of each.
        pieces: batches per epoch.
        epochs: passes over the training split.
        notes: sentences on settings that were changed because the text is short.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    streams: int
    sequence: int
    pieces: int
    epochs: int
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Returns the total number of batches."""
        return self.pieces * self.epochs


def plan(indices: np.ndarray, settings: TrainTextSettings) -> Plan:
    """Plans the training on a text: a short one gets shorter sequences, fewer streams and more epochs.

    Args:
        indices: `(n,)` characters of the text.
        settings: see `TrainTextSettings`.
    """
    border = len(indices) - max(2, round(len(indices) * settings.held_out))
    validation_chars = max(2, (len(indices) - border) // 2)
    train, validation, test = np.split(indices, [border - validation_chars, border])
    sequence = min(settings.sequence, max(8, (len(train) - 1) // 4))
    streams = max(1, min(settings.streams, (len(train) - 1) // (8 * sequence)))
    pieces = (len(train) - 1) // streams // sequence
    epochs = settings.epochs or min(MOST_EPOCHS, max(USUAL_EPOCHS, math.ceil(LEAST_STEPS / pieces)))
    notes = []
    if sequence < settings.sequence:
        notes.append(f"The text is short: sequences have {sequence} characters, not {settings.sequence}.")
    if streams < settings.streams:
        notes.append(f"The text is short: the batch size is {streams}, not {settings.streams}.")
    return Plan(train, validation, test, streams, sequence, pieces, epochs, tuple(notes))


def batches(reading: Plan, seed: int, start: int = 0) -> Iterator[tuple[bool, np.ndarray, np.ndarray]]:
    """Yields the batches from step `start` on: whether to reset the states, the inputs, and the targets.

    Inputs and targets are `(streams, sequence) int32`. Each epoch starts at another offset, so that streams
    and sequences have other borders.
    """
    length = reading.pieces * reading.sequence
    for step in range(start, reading.steps):
        epoch, piece = divmod(step, reading.pieces)
        if piece == 0 or step == start:
            spare = len(reading.train) - 1 - length * reading.streams
            offset = int(np.random.default_rng([seed, epoch]).integers(spare + 1))
            inputs = reading.train[offset : offset + length * reading.streams].reshape(
                reading.streams, length
            )
            targets = reading.train[offset + 1 : offset + 1 + length * reading.streams]
            targets = targets.reshape(reading.streams, length)
        part = slice(piece * reading.sequence, (piece + 1) * reading.sequence)
        yield piece == 0, inputs[:, part], targets[:, part]
