"""The score of a model that draws: how close its pictures come to those of a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core import data
from studio.core.data import sample_sets, shares
from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.metrics.comparison import LEAST
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.training.loop import in_order
from studio.faces import models

MOST = 5000  # pictures of each kind that are compared, as published figures often do


def figures(
    preset: Preset, where: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Compares drawn pictures with a part of a data set, as many of each.

    Args:
        preset: a model that draws.
        where: the path of the data set, `sample:NAME` or `tfds:NAME`.
        part: where the part begins and ends, as shares of the pictures, in the order in which trainings hold
            out the last; None for those that the training of the model held out.

    Returns:
        fid, kid, n, their errors, and the seed of what was drawn.

    Raises:
        InvalidInput: if the data set cannot be read, the part is too small, or the model is not whole.
        Unavailable: if the weights of the network that compares are out of reach.
    """
    generator = models.load(preset)
    channels = getattr(preset.settings(), "channels", 3)
    found = data.pictures(sample_sets.resolve(where, progress), generator.size, channels, progress)
    order = in_order(len(found.images))
    start, end = shares.bounds(len(order), part or shares.held_out(preset.settings()))
    rows = np.sort(order[start:end][-MOST:])
    if len(rows) < LEAST:
        received, step = f"{len(rows)}", "choose a larger part, or another data set"
        raise invalid("part", expected=f"at least {LEAST} pictures", received=received, next_step=step)
    from studio.core.metrics import inception, scores

    made = generator.decode(latent.draw(generator, len(rows), seed=0))
    progress.stage("Looking at the real pictures")
    real = inception.features(found.images[rows], progress, keep=True)
    progress.stage("Comparing with real pictures")
    seen = inception.features(made, progress)
    fid, kid = scores.fid(seen, real, progress), scores.kid(seen, real)
    return {
        "fid": fid.value,
        "fid_error": fid.error,
        "kid": kid.value,
        "kid_error": kid.error,
        "n": len(rows),
        "seed": 0,
        "notes": list(found.notes),
    }
