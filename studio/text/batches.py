"""Splits a text into training, validation and test, and the training split into batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from studio.text.settings import TrainTextSettings

MIN_DEFAULT_STEPS, DEFAULT_EPOCHS, MAX_DEFAULT_EPOCHS = 600, 12, 100


@dataclass(frozen=True)
class Plan:
    """The splits of a text and the shape of its batches, from its length and the settings.

    Attributes:
        train: `(n,) int32` characters of the training split.
        validation: characters after it, half of those held out; selects the weights.
        test: the last characters, which select nothing.
        streams, sequence: shape of a batch: parts read in parallel, characters of each.
        batches_per_epoch: batches per epoch.
        epochs: passes over the training split.
        notes: sentences on settings that were changed because the text is short.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    streams: int
    sequence: int
    batches_per_epoch: int
    epochs: int
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Returns the total number of batches."""
        return self.batches_per_epoch * self.epochs


def make_plan(indices: np.ndarray, settings: TrainTextSettings) -> Plan:
    """Plans the training on a text: a short one gets shorter sequences, fewer streams and more epochs.

    Args:
        indices: `(n,)` characters of the text.
        settings: see `TrainTextSettings`.
    """
    test_start = len(indices) - max(2, round(len(indices) * settings.held_out))
    validation_chars = max(2, (len(indices) - test_start) // 2)
    train, validation, test = np.split(indices, [test_start - validation_chars, test_start])
    sequence = min(settings.sequence, max(8, (len(train) - 1) // 4))
    streams = max(1, min(settings.streams, (len(train) - 1) // (8 * sequence)))
    batches_per_epoch = (len(train) - 1) // streams // sequence
    epochs = settings.epochs or min(
        MAX_DEFAULT_EPOCHS, max(DEFAULT_EPOCHS, math.ceil(MIN_DEFAULT_STEPS / batches_per_epoch))
    )
    notes = []
    if sequence < settings.sequence:
        notes.append(f"The text is short: sequences have {sequence} characters, not {settings.sequence}.")
    if streams < settings.streams:
        notes.append(f"The text is short: the batch size is {streams}, not {settings.streams}.")
    return Plan(train, validation, test, streams, sequence, batches_per_epoch, epochs, tuple(notes))


def iterate_batches(plan: Plan, seed: int, start: int = 0) -> Iterator[tuple[bool, np.ndarray, np.ndarray]]:
    """Yields the batches from step `start` on: whether to reset the states, the inputs, and the targets.

    Inputs and targets are `(streams, sequence) int32`. Each epoch starts at another offset, so that streams
    and sequences have other borders.
    """
    length = plan.batches_per_epoch * plan.sequence
    for step in range(start, plan.steps):
        epoch, batch = divmod(step, plan.batches_per_epoch)
        if batch == 0 or step == start:
            unused_chars = len(plan.train) - 1 - length * plan.streams
            offset = int(np.random.default_rng([seed, epoch]).integers(unused_chars + 1))
            inputs = plan.train[offset : offset + length * plan.streams].reshape(plan.streams, length)
            targets = plan.train[offset + 1 : offset + 1 + length * plan.streams]
            targets = targets.reshape(plan.streams, length)
        part = slice(batch * plan.sequence, (batch + 1) * plan.sequence)
        yield batch == 0, inputs[:, part], targets[:, part]
