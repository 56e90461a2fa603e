"""Analysis of a trained VAE: KL by latent dimension, the latent density, and latent directions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.data import ImageDataset
from studio.core.generators import latent
from studio.core.generators.directions import by_name
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.training.batches import select_evenly_spaced
from studio.vae import codes, density, elbo
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

PROBES = 2000  # samples in which latent directions are searched
QUICK = 500  # images to analyze if the user stopped training


@dataclass(frozen=True)
class LatentAnalysis:
    """The result of an analysis.

    Attributes:
        figures: on held-out images.
        density: of latents of real images; None if there were too few.
        contrast: of decoded images, see `codes.choose_contrast`.
        directions: by name.
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
    learned: np.ndarray,
    held_out: np.ndarray,
    validation: np.ndarray,
    progress: Progress,
    quick: bool = False,
) -> LatentAnalysis:
    """Encodes all images once and analyzes their latents.

    Args:
        learned, held_out: rows of the training and the held-out images.
        validation: rows of others, which choose the density and the contrast.
        progress: receives the stages.
        quick: analyzes only a part of the images, after the user stopped training.

    Raises:
        Cancelled: if the user stopped the job.
    """
    if quick:
        learned, held_out, validation = (
            select_evenly_spaced(part, QUICK) for part in (learned, held_out, validation)
        )
    progress.stage("Encoding all images")
    tests = dataset.part(held_out)
    tested, deviations = codes.encode(vae, tests, progress, codes.make_preprocessing(settings))
    z, z_deviations = codes.encode(vae, dataset.part(learned), progress, codes.make_preprocessing(settings))
    progress.stage("Fitting the latent density")
    validation_latents = codes.encode(
        vae, dataset.part(validation), progress, codes.make_preprocessing(settings)
    )
    contrast = 1.0
    if settings.likelihood == "binary":
        # Fit samples for digits (FID 14.8, from means 16.3) and means for faces (34.6, from samples 39.5).
        rng = np.random.default_rng([settings.seed, 10])
        train_samples, validation_samples = (
            codes.sample_latents(z, z_deviations, rng),
            codes.sample_latents(*validation_latents, rng),
        )
        mixture = density.fit(train_samples, validation_samples, settings.seed, progress, full=True)
        contrast = codes.choose_contrast(vae, dataset.part(validation), validation_samples, progress)
    else:
        mixture = density.fit(z, validation_latents[0], settings.seed, progress)
    facts = codes.compute_kl_statistics(tested, deviations)
    figures: dict[str, Any] = {
        "redraw_error": codes.reconstruction_error(
            vae, tests, tested, codes.make_preprocessing(settings), contrast
        ),
        "kl_nats": float(facts.kl.sum()),
        "active_units": facts.active,
        "kl": [round(float(nats), 4) for nats in facts.kl],
        "contrast": contrast,
    }
    if settings.likelihood == "binary":
        bound = elbo.elbo(vae, dataset.images[held_out], progress=progress)
        figures |= {"bound_nats": bound.nats, "bound_error": bound.error, "bound_n": bound.n}
        progress.stage("Computing the importance-weighted bound")
        slack_rows = select_evenly_spaced(
            held_out, elbo.SLACK_IMAGES
        )  # not the first rows, which may all be of one class
        slack = elbo.slack(vae, dataset.images[slack_rows], progress=progress)
        figures |= {
            "weighted_nats": bound.nats - slack.nats,
            "weighted_error": math.hypot(bound.error, slack.error),
            "weighted_n": slack.n,
            "weighted_draws": elbo.DRAWS,
        }
    directions = by_name(attributes(z, dataset, learned), _changes(vae, settings, mixture, contrast))
    return LatentAnalysis(figures, mixture, contrast, directions, notes(facts))


def notes(facts: codes.KlStatistics) -> tuple[str, ...]:
    """Returns a warning about posterior collapse, if there is one."""
    if not facts.collapsed:
        return ()
    return (
        f"Posterior collapse: only {facts.active} of {len(facts.kl)} latent dimensions are used. "
        "Train with a smaller beta, a longer KL warm-up or free bits.",
    )


def attributes(
    z: np.ndarray, dataset: ImageDataset, rows: np.ndarray
) -> list[tuple[float, str, latent.Direction]]:
    """Returns latent directions of the data set's attributes that the latents encode, for `by_name`.

    Args:
        z: `(n, latent_dim)` latents of the rows.
        rows: `(n,)` of the images.
    """
    entries = []
    for name, values in dataset.attributes.items():
        row_values = values[rows]
        if np.isfinite(row_values).sum() < comparison.LEAST_ATTRIBUTE_IMAGES or np.nanmin(
            row_values
        ) == np.nanmax(row_values):
            continue
        vector, share = latent.direction(z, row_values)
        if share > comparison.LEAST_EXPLAINED_SHARE:
            entries.append(
                (share, name, latent.Direction(vector, comparison.describe_direction(name, share)))
            )
    return entries


def _changes(
    vae: Vae, settings: TrainVaeSettings, mixture: latent.Mixture | None, contrast: float
) -> dict[str, latent.Direction]:
    """Returns the directions along which samples change most."""
    z = points(mixture, settings, PROBES)
    images = codes.decode(vae, z, contrast)
    return latent.principal(z, np.broadcast_to(images, (*images.shape[:3], 3)))


def points(mixture: latent.Mixture | None, settings: TrainVaeSettings, count: int) -> np.ndarray:
    """Returns fixed latents, `(count, latent_dim) float32`, of the mixture or else standard normal."""
    rng = np.random.default_rng([settings.seed, 9])
    if mixture is not None:
        return mixture.draw(count, rng, 1.0)
    return rng.standard_normal((count, settings.latent_dim)).astype("float32")
