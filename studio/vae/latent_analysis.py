"""Analysis of a trained VAE: KL by latent dimension, the latent density, and latent directions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.data import ImageDataset
from studio.core.generators import latent
from studio.core.generators.directions import name_directions
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

    Raises:
        Cancelled: if the user stopped the job.
    """
    if quick:
        train_rows, test_rows, validation_rows = (
            select_evenly_spaced(rows, QUICK_IMAGES) for rows in (train_rows, test_rows, validation_rows)
        )
    progress.report_stage("Encoding all images")

    def encode(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return encoding.encode(vae, dataset.select(rows), progress, encoding.make_preprocessing(settings))

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
            vae, dataset.select(validation_rows), validation_samples, progress
        )
    else:
        mixture = density.fit_mixture(z_mean, validation_mean, settings.seed, progress)
    statistics = encoding.compute_kl_statistics(test_mean, test_log_var)
    figures: dict[str, Any] = {
        "redraw_error": encoding.compute_reconstruction_error(
            vae, dataset.select(test_rows), test_mean, encoding.make_preprocessing(settings), contrast
        ),
        "kl_nats": float(statistics.kl.sum()),
        "active_units": statistics.active,
        "kl": [round(float(nats), 4) for nats in statistics.kl],
        "contrast": contrast,
    }
    if settings.likelihood == "binary":
        bound = elbo.compute_elbo(vae, dataset.images[test_rows], progress=progress)
        figures |= {"bound_nats": bound.nats, "bound_error": bound.error, "bound_n": bound.n}
        progress.report_stage("Computing the importance-weighted bound")
        # Not the first rows, which may all be of one class.
        slack_rows = select_evenly_spaced(test_rows, elbo.SLACK_IMAGES)
        slack = elbo.compute_slack(vae, dataset.images[slack_rows], progress=progress)
        figures |= {
            "weighted_nats": bound.nats - slack.nats,
            "weighted_error": math.hypot(bound.error, slack.error),
            "weighted_n": slack.n,
            "weighted_draws": elbo.SLACK_SAMPLES,
        }
    directions = name_directions(
        find_attribute_directions(z_mean, dataset, train_rows),
        _find_principal_directions(vae, settings, mixture, contrast),
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
    z: np.ndarray, dataset: ImageDataset, rows: np.ndarray
) -> list[tuple[float, str, latent.Direction]]:
    """Returns latent directions of the data set's attributes that the latents encode, for `name_directions`.

    Args:
        z: `(n, latent_dim)` latents of the rows.
        rows: `(n,)` of the images.
    """
    entries = []
    for name, values in dataset.attributes.items():
        row_values = values[rows]
        finite_values = row_values[np.isfinite(row_values)]
        if len(finite_values) < comparison.MIN_ATTRIBUTE_IMAGES or finite_values.min() == finite_values.max():
            continue
        vector, share = latent.fit_direction(z, row_values)
        if share > comparison.MIN_EXPLAINED_SHARE:
            direction = latent.Direction(vector, comparison.describe_direction(name, share))
            entries.append((share, name, direction))
    return entries


def _find_principal_directions(
    vae: Vae, settings: TrainVaeSettings, mixture: latent.Mixture | None, contrast: float
) -> dict[str, latent.Direction]:
    """Returns the latent directions along which samples change most, by name."""
    z = sample_fixed_latents(mixture, settings, DIRECTION_SAMPLES)
    images = encoding.decode(vae, z, contrast)
    return latent.find_principal(z, np.broadcast_to(images, (*images.shape[:3], 3)))


def sample_fixed_latents(
    mixture: latent.Mixture | None, settings: TrainVaeSettings, count: int
) -> np.ndarray:
    """Returns fixed latents, `(count, latent_dim) float32`, of the mixture or else standard normal."""
    rng = np.random.default_rng([settings.seed, 9])
    if mixture is not None:
        return mixture.sample(count, rng, 1.0)
    return rng.standard_normal((count, settings.latent_dim)).astype("float32")
