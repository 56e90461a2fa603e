"""The score of a generator: FID and KID between its images and a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core import data
from studio.core.data import ImageDataset, sample_sets, split
from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.metrics.comparison import LEAST_IMAGES
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.faces import models

MOST = 5000  # images of each kind, as in many papers


def figures(
    preset: Preset, where: str, part: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Computes FID and KID of samples and a part of a data set of the same size.

    Args:
        preset: a generator.
        where: path of the data set, `sample:NAME` or `tfds:NAME`.
        part: start and end of the part, as positions from 0 to 1, of which training runs hold out the last,
            see `studio.core.data.split`; None for the images that the training of the model held out.

    Returns:
        fid, kid, n, their errors, and the seed of the samples.

    Raises:
        InvalidInput: if the data set cannot be read, the part is too small, or the model is incomplete.
        Unavailable: if the weights of Inception cannot be loaded.
    """
    generator = models.load(preset)
    channels = getattr(preset.settings(), "channels", 3)
    dataset = data.load_dataset(sample_sets.resolve(where, progress), generator.size, channels, progress)
    rows = select_evenly_spaced(_rows(preset, dataset, part, progress), MOST)
    if len(rows) < LEAST_IMAGES:
        received, step = f"{len(rows)}", "choose a larger part, or another data set"
        raise invalid("part", expected=f"at least {LEAST_IMAGES} images", received=received, next_step=step)
    from studio.core.metrics import inception, scores

    images = generator.decode(latent.draw(generator, len(rows), seed=0))
    progress.stage("Computing features of the real images")
    real_features = inception.compute_features(dataset.images[rows], progress, keep=True)
    progress.stage("Computing FID and KID")
    features = inception.compute_features(images, progress)
    fid, kid = scores.fid(features, real_features, progress), scores.kid(features, real_features)
    return {
        "fid": fid.value,
        "fid_error": fid.error,
        "kid": kid.value,
        "kid_error": kid.error,
        "n": len(rows),
        "seed": 0,
        "notes": list(dataset.notes),
    }


def _rows(
    preset: Preset, dataset: ImageDataset, part: tuple[float, float] | None, progress: Progress
) -> np.ndarray:
    """Returns the rows of a part, or of the training's held-out images, `(n,)`, sorted."""
    share = getattr(preset.settings(), "held_out", 0.1)
    if part is None and "least_held_out" not in preset.data().get("figures", {}):
        return split.split_by_count(len(dataset.images), share)[1]
    positions = split.compute_positions(dataset, progress)
    if part is None:
        return split.split(positions, share)[1]
    return np.flatnonzero((part[0] <= positions) & (positions < part[1]))
