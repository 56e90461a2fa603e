"""The score of a generator: FID, KID, precision and recall of its images for a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core import data
from studio.core.data import ImageDataset, sample_sets, split
from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.metrics.comparison import MIN_IMAGES
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.faces import draw, models
from studio.faces.settings import FacesSettings

MAX_IMAGES = 5000  # images of each kind, as in many papers


def measure_scores(
    preset: Preset, source: str, share_range: tuple[float, float] | None, progress: Progress
) -> dict[str, Any]:
    """Computes the metrics of samples and a part of a data set of the same size.

    Args:
        preset: a generator.
        source: path of the data set, `sample:NAME` or `tfds:NAME`.
        share_range: start and end of the part, as positions from 0 to 1, see `studio.core.data.split`;
            training runs hold out the last positions. None for the images held out of this training.

    Returns:
        fid, kid, n, their errors, precision, recall, and the seed of the samples.

    Raises:
        InvalidInput: if the data set cannot be read, the part is too small, or the model is incomplete.
        Unavailable: if the weights of Inception cannot be loaded.
    """
    generator = models.load(preset)
    channels = getattr(preset.read_settings(), "channels", 3)
    dataset = data.load_dataset(sample_sets.resolve(source, progress), generator.size, channels, progress)
    max_images = min(MAX_IMAGES, latent.MAX_VALUES // generator.latent_dim)
    rows = select_evenly_spaced(_select_rows(preset, dataset, share_range, progress), max_images)
    if len(rows) < MIN_IMAGES:
        received, step = f"{len(rows)}", "choose a larger part, or another data set"
        raise invalid("part", expected=f"at least {MIN_IMAGES} images", received=received, next_step=step)
    from studio.core.metrics import inception, scores

    z = latent.sample(generator, len(rows), seed=0)
    if generator.class_dim and generator.classes == dataset.classes and dataset.labels is not None:
        # Classes as frequent as in the part.
        z = latent.set_labels(generator, z, dataset.labels[rows])
    images = np.concatenate(list(draw.decode_batches(generator, z, FacesSettings(), progress)))
    progress.report_stage("Computing features of the real images")
    real_features = inception.compute_features(dataset.images[rows], progress, keep=True)
    progress.report_stage("Computing FID and KID")
    features = inception.compute_features(images, progress)
    fid, kid = scores.fid(features, real_features, progress), scores.kid(features, real_features)
    precision, recall = scores.precision_recall(features, real_features)
    return {
        "fid": fid.value,
        "fid_error": fid.error,
        "kid": kid.value,
        "kid_error": kid.error,
        "precision": precision,
        "recall": recall,
        "n": len(rows),
        "seed": 0,
        "notes": list(dataset.notes),
    }


def _select_rows(
    preset: Preset, dataset: ImageDataset, share_range: tuple[float, float] | None, progress: Progress
) -> np.ndarray:
    """Returns the rows of a part, or of the training's held-out images, `(n,)`, sorted."""
    held_out_share = getattr(preset.read_settings(), "held_out", 0.1)
    if share_range is None and "least_held_out" not in preset.read_data().get("figures", {}):
        return split.split_by_count(len(dataset.images), held_out_share)[1]
    positions = split.compute_positions(dataset, progress)
    if share_range is None:
        return split.split(positions, held_out_share)[1]
    return np.flatnonzero((share_range[0] <= positions) & (positions < share_range[1]))
