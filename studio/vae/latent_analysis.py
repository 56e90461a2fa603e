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
from studio.core.training.batches import evenly_spaced
from studio.vae import codes, density, elbo
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

PROBES = 2000  # drawn images in which changes are looked for
QUICK = 500  # images that are looked at when a user does not want to wait


@dataclass(frozen=True)
class LatentAnalysis:
    """What was found.

    Attributes:
        figures: on held-out images.
        density: where codes lie; None if there were too few.
        contrast: by which images are drawn, see `codes.contrast`.
        directions: by name.
        notes: sentences for a user.
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
    """Encodes the images once and learns from their codes.

    Args:
        learned, held_out: rows of the images.
        validation: others, by which the density and the contrast are chosen.
        progress: told of the stages.
        quick: looks at a part of the images, for a user who has stopped the training.

    Raises:
        Cancelled: if a user asked to stop.
    """
    if quick:
        learned, held_out, validation = (
            evenly_spaced(part, QUICK) for part in (learned, held_out, validation)
        )
    progress.stage("Encoding all images")
    tests = dataset.part(held_out)
    tested, deviations = codes.encode(vae, tests, progress, codes.preparing(settings))
    z, z_deviations = codes.encode(vae, dataset.part(learned), progress, codes.preparing(settings))
    progress.stage("Fitting the latent density")
    others = codes.encode(vae, dataset.part(validation), progress, codes.preparing(settings))
    contrast = 1.0
    if settings.likelihood == "binary":
        # Digits come closer so (FID 14.8 for 16.3), faces from the means of their codes (34.6 for 39.5).
        rng = np.random.default_rng([settings.seed, 10])
        drawn, chosen_by = codes.sampled(z, z_deviations, rng), codes.sampled(*others, rng)
        mixture = density.fit(drawn, chosen_by, settings.seed, progress, full=True)
        contrast = codes.contrast(vae, dataset.part(validation), chosen_by, progress)
    else:
        mixture = density.fit(z, others[0], settings.seed, progress)
    told = codes.code_facts(tested, deviations)
    figures: dict[str, Any] = {
        "redraw_error": codes.redraw_error(vae, tests, tested, codes.preparing(settings), contrast),
        "kl_nats": float(told.kl.sum()),
        "active_units": told.active,
        "kl": [round(float(nats), 4) for nats in told.kl],
        "contrast": contrast,
    }
    if settings.likelihood == "binary":
        found = elbo.elbo(vae, dataset.images[held_out], progress=progress)
        figures |= {"bound_nats": found.nats, "bound_error": found.error, "bound_n": found.n}
        progress.stage("Computing the importance-weighted bound")
        weighed = evenly_spaced(held_out, elbo.WEIGHED)  # the first rows may all be of one class
        gained = elbo.slack(vae, dataset.images[weighed], progress=progress)
        figures |= {
            "weighted_nats": found.nats - gained.nats,
            "weighted_error": math.hypot(found.error, gained.error),
            "weighted_n": gained.n,
            "weighted_draws": elbo.DRAWS,
        }
    directions = by_name(attributes(z, dataset, learned), _changes(vae, settings, mixture, contrast))
    return LatentAnalysis(figures, mixture, contrast, directions, notes(told))


def notes(told: codes.CodeFacts) -> tuple[str, ...]:
    """A warning about posterior collapse, if there is one."""
    if not told.collapsed:
        return ()
    return (
        f"Posterior collapse: only {told.active} of {len(told.kl)} latent dimensions are used. "
        "Train with a smaller beta, a longer KL warm-up or free bits.",
    )


def attributes(
    z: np.ndarray, dataset: ImageDataset, rows: np.ndarray
) -> list[tuple[float, str, latent.Direction]]:
    """The directions of what the data set tells of its images, where codes tell it too, for `named`.

    Args:
        z: `(n, latent_dim)` codes of the rows.
        rows: `(n,)` of the images.
    """
    found = []
    for name, values in dataset.attributes.items():
        known = values[rows]
        if np.isfinite(known).sum() < comparison.LEAST_KNOWN or np.nanmin(known) == np.nanmax(known):
            continue
        vector, share = latent.direction(z, known)
        if share > comparison.LEAST_SHARE:
            found.append((share, name, latent.Direction(vector, comparison.note(name, share))))
    return found


def _changes(
    vae: Vae, settings: TrainVaeSettings, mixture: latent.Mixture | None, contrast: float
) -> dict[str, latent.Direction]:
    """The directions along which drawn images change most."""
    z = points(mixture, settings, PROBES)
    made = codes.decode(vae, z, contrast)
    return latent.principal(z, np.broadcast_to(made, (*made.shape[:3], 3)))


def points(mixture: latent.Mixture | None, settings: TrainVaeSettings, count: int) -> np.ndarray:
    """Fixed latents for samples: `(count, latent_dim) float32`, of the mixture or else normal."""
    rng = np.random.default_rng([settings.seed, 9])
    if mixture is not None:
        return mixture.draw(count, rng, 1.0)
    return rng.standard_normal((count, settings.latent_dim)).astype("float32")
