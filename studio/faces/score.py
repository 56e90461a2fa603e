"""The score of a generator: how close its images come to those of a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core import data
from studio.core.data import ImageDataset, sample_sets, split
from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.metrics.comparison import LEAST
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.training.batches import evenly_spaced
from studio.faces import models

MOST = 5000  # images of each kind that are compared, as published figures often do


def figures(
    preset: Preset, where: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Compares drawn images with a part of a data set, as many of each.

    Args:
        preset: a generator.
        where: the path of the data set, `sample:NAME` or `tfds:NAME`.
        part: where the part begins and ends, as positions from 0 to 1 of which training runs hold out the
            last, see `studio.core.data.split`; None for those that the training of the model held out.

    Returns:
        fid, kid, n, their errors, and the seed of what was drawn.

    Raises:
        InvalidInput: if the data set cannot be read, the part is too small, or the model is not whole.
        Unavailable: if the weights of the network that compares are out of reach.
    """
    generator = models.load(preset)
    channels = getattr(preset.settings(), "channels", 3)
    found = data.load_dataset(sample_sets.resolve(where, progress), generator.size, channels, progress)
    rows = evenly_spaced(_rows(preset, found, part, progress), MOST)
    if len(rows) < LEAST:
        received, step = f"{len(rows)}", "choose a larger part, or another data set"
        raise invalid("part", expected=f"at least {LEAST} images", received=received, next_step=step)
    from studio.core.metrics import inception, scores

    made = generator.decode(latent.draw(generator, len(rows), seed=0))
    progress.stage("Computing features of the real images")
    real = inception.features(found.images[rows], progress, keep=True)
    progress.stage("Computing FID and KID")
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


def _rows(
    preset: Preset, found: ImageDataset, part: tuple[float, float] | None, progress: Progress
) -> np.ndarray:
    """The rows of a part, or of what the training of the model held out, `(n,)`, sorted."""
    share = getattr(preset.settings(), "held_out", 0.1)
    if part is None and "least_held_out" not in preset.data().get("figures", {}):
        return split.by_count(len(found.images), share)[1]
    positions = split.positions(found, progress)
    if part is None:
        return split.split(positions, share)[1]
    return np.flatnonzero((part[0] <= positions) & (positions < part[1]))
