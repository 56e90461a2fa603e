"""Scores a trained language model on a part of a text file."""

from __future__ import annotations

import math
from typing import Any

from studio.core import paths
from studio.core.data import corpus, encodings, shares
from studio.core.errors import invalid
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.text import cross_entropy, language_model, task


def score_preset(
    preset: Preset, data: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Returns the negative log-likelihood of a part of a text; on the test split it is that of the card.

    Args:
        preset: a language model.
        data: path of the text.
        part: start and end of the part, as shares of the text; None for the test split of the training.
        progress: receives reports.

    Returns:
        nats_per_char, bits_per_char, chars, and notes: sentences on what was assumed, replaced or left out.

    Raises:
        InvalidInput: if the text cannot be read, the part is too short, or the model is incomplete.
    """
    read = corpus.read(paths.expand_user(data), getattr(preset.read_settings(), "encoding", encodings.AUTO))
    model = language_model.load(preset)
    start, end = shares.part_bounds(len(read.text), part or shares.held_out_part(preset.read_settings()))
    encoded = model.vocabulary.encode(read.text[start:end])
    if len(encoded.indices) < 2:
        received, step = f"{len(encoded.indices)}", "choose a larger part, or another text"
        raise invalid(
            "part", expected="at least 2 characters that the model knows", received=received, next_step=step
        )
    streams = math.ceil(len(encoded.indices) / task.MAX_STREAM_CHARS)
    score = cross_entropy.score(model.network, encoded.indices, streams, progress)
    return {
        "nats_per_char": score.nats_per_char,
        "bits_per_char": score.bits_per_char,
        "chars": score.chars,
        "notes": [*read.notes, *task.describe_replacements(encoded.replaced, encoded.dropped)],
    }
