"""How a text is cut into batches: decided once, from its length and the settings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from studio.text.settings import TrainTextSettings

LEAST_STEPS, USUAL_EPOCHS, MOST_EPOCHS = 600, 12, 100


@dataclass(frozen=True)
class Plan:
    """How a text is read: decided from its length and the settings.

    Attributes:
        train: `(n,) int32` characters to learn from.
        validation: those after them, half as many as are held out, by which the weights are chosen.
        test: the last, on which nothing is chosen.
        streams, sequence: the shape of a batch.
        pieces: batches a pass over the text.
        epochs: passes.
        notes: what was changed because the text is short, for people.
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
        """Batches in all."""
        return self.pieces * self.epochs


def plan(indices: np.ndarray, settings: TrainTextSettings) -> Plan:
    """Decides how a text is read; a short one with shorter sequences and fewer streams, but more often."""
    border = len(indices) - max(2, round(len(indices) * settings.held_out))
    chosen_by = max(2, (len(indices) - border) // 2)
    train, validation, test = np.split(indices, [border - chosen_by, border])
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


def batches(chosen: Plan, seed: int, start: int = 0) -> Iterator[tuple[bool, np.ndarray, np.ndarray]]:
    """The batches from a step on: whether the state is to be forgotten, characters, and those that follow.

    Each pass begins at another place, so that the streams are not always cut at the same ones.
    """
    length = chosen.pieces * chosen.sequence
    for step in range(start, chosen.steps):
        epoch, piece = divmod(step, chosen.pieces)
        if piece == 0 or step == start:
            spare = len(chosen.train) - 1 - length * chosen.streams
            offset = int(np.random.default_rng([seed, epoch]).integers(spare + 1))
            inputs = chosen.train[offset : offset + length * chosen.streams].reshape(chosen.streams, length)
            wanted = chosen.train[offset + 1 : offset + 1 + length * chosen.streams]
            wanted = wanted.reshape(chosen.streams, length)
        part = slice(piece * chosen.sequence, (piece + 1) * chosen.sequence)
        yield piece == 0, inputs[:, part], wanted[:, part]
