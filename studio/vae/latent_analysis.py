"""Analysis of a trained VAE: KL by latent dimension, the latent density, and latent directions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.data import ImageDataset
from studio.core.generators import latent
from studio.core.generators.directions import center_classes, name_directions
from studio.core.generators.latent_sampler import LatentSampler
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.vae import density, elbo, encoding
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

DIRECTION_SAMPLES = 2000  # samples in which latent directions are searched
QUICK_IMAGES = 500  # images to analyze if the user stopped training


@dataclass(frozen=True)
class LatentAnalysis:
    """The result of an analysis.

    Attributes:
        figures: metrics of the test images.
        density: density of latents of real images; None if there were too few.
        contrast: factor of the decoder's logits, see `encoding.choose_contrast`.
        directions: latent directions by name.
        notes: sentences for the user.
    """

    figures: Mapping[str, Any]
    density: latent.Mixture | None
    contrast: float
    directions: Mapping[str, latent.Direction]
    notes: tuple[str, ...]


def analyze(
    vae: Vae,
    settings: TrainVaeSettings,
    dataset: ImageDataset,
    train_rows: np.ndarray,
    test_rows: np.ndarray,
    validation_rows: np.ndarray,
    progress: Progress,
    quick: bool = False,
    labels: np.ndarray | None = None,
) -> LatentAnalysis:
    """Encodes all images once and analyzes their latents.

    Args:
        vae: the trained model.
        settings: of its training.
        dataset: the data set.
        train_rows, test_rows: rows of the training and of the test images.
        validation_rows: rows of the validation images, which choose the density and the contrast.
        progress: receives the stages.
        quick: analyzes only a part of the images, after the user stopped training.
        labels: classes of the images of the data set, `(n,)`; None for a model without classes.

    Raises:
        Cancelled: if the user stopped the job.
    """
    if quick:
        train_rows, test_rows, validation_rows = (
            select_evenly_spaced(rows, QUICK_IMAGES) for rows in (train_rows, test_rows, validation_rows)
        )
    progress.report_stage("Encoding all images")

    def select_labels(rows: np.ndarray) -> np.ndarray | None:
        return None if labels is None else labels[rows]

    def encode(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        preprocess = encoding.make_preprocessing(settings)
        return encoding.encode(vae, dataset.select(rows), progress, preprocess, select_labels(rows))

    def append_classes(z: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return latent.append_classes(z, select_labels(rows), vae.class_count)

    test_mean, test_log_var = encode(test_rows)
    z_mean, z_log_var = encode(train_rows)
    progress.report_stage("Fitting the latent density")
    validation_mean, validation_log_var = encode(validation_rows)
    contrast = 1.0
    if settings.likelihood == "binary":
        # Fit samples for digits (FID 14.8, from means 16.3) and means for faces (34.6, from samples 39.5).
        rng = np.random.default_rng([settings.seed, 10])
        train_samples, validation_samples = (
            encoding.sample_latents(z_mean, z_log_var, rng),
            encoding.sample_latents(validation_mean, validation_log_var, rng),
        )
        mixture = density.fit_mixture(train_samples, validation_samples, settings.seed, progress, full=True)
        contrast = encoding.choose_contrast(
            vae,
            dataset.select(validation_rows),
            append_classes(validation_samples, validation_rows),
            progress,
        )
    else:
        mixture = density.fit_mixture(z_mean, validation_mean, settings.seed, progress)
    statistics = encoding.compute_kl_statistics(test_mean, test_log_var)
    figures: dict[str, Any] = {
        "redraw_error": encoding.compute_reconstruction_error(
            vae,
            dataset.select(test_rows),
            append_classes(test_mean, test_rows),
            encoding.make_preprocessing(settings),
            contrast,
        ),
        "kl_nats": float(statistics.kl.sum()),
        "active_units": statistics.active,
        "kl": [round(float(nats), 4) for nats in statistics.kl],
        "contrast": contrast,
    }
    if settings.likelihood == "binary":
        bound = elbo.compute_elbo(vae, dataset.images[test_rows], select_labels(test_rows), progress)
        figures |= {"bound_nats": bound.nats, "bound_error": bound.error, "bound_n": bound.n}
        progress.report_stage("Computing the importance-weighted bound")
        # Not the first rows, which may all be of one class.
        slack_rows = select_evenly_spaced(test_rows, elbo.SLACK_IMAGES)
        slack = elbo.compute_slack(
            vae, dataset.images[slack_rows], labels=select_labels(slack_rows), progress=progress
        )
        figures |= {
            "weighted_nats": bound.nats - slack.nats,
            "weighted_error": math.hypot(bound.error, slack.error),
            "weighted_n": slack.n,
            "weighted_draws": elbo.SLACK_SAMPLES,
        }
    one_hot = append_classes(z_mean, train_rows)[:, settings.latent_dim :]
    train_labels = select_labels(train_rows)
    directions = name_directions(
        find_attribute_directions(z_mean, dataset, train_rows, one_hot),
        _find_principal_directions(vae, settings, mixture, contrast, train_labels),
    )
    return LatentAnalysis(figures, mixture, contrast, directions, describe_collapse(statistics))


def describe_collapse(statistics: encoding.KlStatistics) -> tuple[str, ...]:
    """Returns a warning about posterior collapse for the user; empty without collapse."""
    if not statistics.is_collapsed:
        return ()
    return (
        f"Posterior collapse: only {statistics.active} of {len(statistics.kl)} latent dimensions are used. "
        "Train with a smaller beta, a longer KL warm-up or free bits.",
    )


def find_attribute_directions(
    z: np.ndarray, dataset: ImageDataset, rows: np.ndarray, one_hot: np.ndarray
) -> list[tuple[float, str, latent.Direction]]:
    """Returns latent directions of the data set's attributes that the latents encode, for `name_directions`.

    Args:
        z: `(n, latent_dim)` latents of the rows.
        rows: `(n,)` of the images.
        one_hot: their classes, `(n, class_count)`; only differences within a class count.
    """
    entries = []
    for name, values in dataset.attributes.items():
        is_known = np.isfinite(values[rows])
        if is_known.sum() < comparison.MIN_ATTRIBUTE_IMAGES:
            continue
        known_values = center_classes(values[rows][is_known], one_hot[is_known])
        if known_values.min() == known_values.max():
            continue
        vector, share = latent.fit_direction(z[is_known], known_values)
        if share > comparison.MIN_EXPLAINED_SHARE:
            direction = latent.Direction(vector, comparison.describe_direction(name, share))
            entries.append((share, name, direction))
    return entries


def _find_principal_directions(
    vae: Vae,
    settings: TrainVaeSettings,
    mixture: latent.Mixture | None,
    contrast: float,
    labels: np.ndarray | None,
) -> dict[str, latent.Direction]:
    """Returns the latent directions along which samples change most, by name."""
    latents = sample_fixed_latents(vae, settings, mixture, labels, DIRECTION_SAMPLES)
    images = encoding.decode(vae, latents, contrast)
    z, one_hot = np.split(latents, [settings.latent_dim], axis=1)
    return latent.find_principal(z, np.broadcast_to(images, (*images.shape[:3], 3)), one_hot)


def sample_fixed_latents(
    vae: Vae,
    settings: TrainVaeSettings,
    mixture: latent.Mixture | None,
    labels: np.ndarray | None,
    count: int,
) -> np.ndarray:
    """Returns fixed latents of the mixture or else standard normal, with classes as frequent as in `labels`.

    Args:
        labels: classes of the training images, `(n,)`; None for a model without classes.

    Returns:
        `(count, latent_dim + class_count) float32`.
    """
    sampler = LatentSampler(settings.latent_dim, vae.class_count, labels, mixture)
    return sampler.sample(np.random.default_rng([settings.seed, 9]), count)
