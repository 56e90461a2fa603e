"""Encodes and decodes images in batches, and measures the latents of a model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studio.core.data import Part
from studio.core.generators.batches import BATCHES, in_batches
from studio.core.progress import Progress
from studio.vae.generator import MOST_CONTRAST
from studio.vae.model import LEAST_LOG_VAR, MOST_LOG_VAR, Vae
from studio.vae.settings import TrainVaeSettings

BATCH = BATCHES[-1]
LEAST_NATS = 0.05  # that a number tells of an image; below, nothing of it shows
CONTRASTS = tuple(n / 10 for n in range(10, 10 * int(MOST_CONTRAST) + 1))  # that are tried


def binarize(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black and white images: each pixel of `uint8` is white with the chance of its gray level."""
    white = rng.random(images.shape, dtype="float32") * 255 < images
    return white.astype("uint8") * np.uint8(255)


def preparing(settings: TrainVaeSettings) -> Callable[[np.ndarray], np.ndarray]:
    """What shows images, batch by batch, as the model sees them: gray ones as they are, or black and white.

    Those are drawn with the seed 0, the same for the same images in the same order, whatever the batches.
    """
    rng = np.random.default_rng(0)
    return (lambda some: binarize(some, rng)) if settings.likelihood == "binary" else lambda some: some


def prepared(images: np.ndarray, settings: TrainVaeSettings) -> np.ndarray:
    """Images as the model sees them; see `preparing`."""
    return np.ascontiguousarray(preparing(settings)(images))


def encode(
    vae: Vae,
    images: np.ndarray | Part,
    progress: Progress | None = None,
    prepare: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The means and log variances of the codes of images, each `(n, latent_dim)`.

    Args:
        images: `(n, size, size, C) uint8`.
        progress: asked for a cancel.
        prepare: shows each batch as the model sees it, where these are not shown so; see `preparing`.
    """
    found = []
    for at in range(0, len(images), BATCH):
        if progress is not None:
            progress.check()
        some = prepare(images[at : at + BATCH]).astype("float32") / 255
        found.append(in_batches(vae.encoder.predict_on_batch, some))
    z_mean, z_log_var = np.split(np.concatenate(found), 2, axis=1)
    return z_mean, z_log_var.clip(LEAST_LOG_VAR, MOST_LOG_VAR)


def sampled(z_mean: np.ndarray, z_log_var: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A code drawn for each image, as the decoder was given them in training: `(n, latent_dim) float32`."""
    noise = rng.standard_normal(z_mean.shape, dtype="float32")
    return z_mean + np.exp(0.5 * z_log_var) * noise


def redraw_error(
    vae: Vae,
    images: np.ndarray | Part,
    z: np.ndarray,
    prepare: Callable[[np.ndarray], np.ndarray],
    contrast: float = 1.0,
) -> float:
    """Reconstruction error of images: root mean square, 0 to 255."""
    total, count = 0.0, 0
    for at in range(0, len(z), BATCH):
        seen = prepare(images[at : at + BATCH])
        made = decode(vae, z[at : at + BATCH], contrast).astype("float32")
        total += float(np.square(made - seen).sum(dtype="float64"))
        count += seen.size
    return math.sqrt(total / count)


def decode(vae: Vae, z: np.ndarray, contrast: float = 1.0) -> np.ndarray:
    """`(n, latent_dim)` -> images `(n, size, size, C) uint8`; see `contrast`."""
    return np.rint(255 * sigmoid(contrast * logits(vae, z))).astype("uint8")


def contrast(vae: Vae, images: np.ndarray | Part, z: np.ndarray, progress: Progress | None = None) -> float:
    """What to multiply logits by before their sigmoid, so that redrawn images miss real ones least.

    A model of black and white images says how likely a pixel is to be white. Where a stroke may lie here or
    there, that is a gray that no image has. Those chances miss least by squares, and so blur; of CONTRASTS,
    this one misses least by amounts.

    Args:
        images: `(n, size, size, C) uint8`, in shades of gray.
        z: `(n, latent_dim)`, codes drawn for them.
        progress: asked for a cancel.
    """
    missed = np.zeros(len(CONTRASTS))
    for at in range(0, len(z), BATCH):
        if progress is not None:
            progress.check()
        said, real = logits(vae, z[at : at + BATCH]), images[at : at + BATCH].astype("float32") / 255
        missed += [np.abs(sigmoid(one * said) - real).sum(dtype="float64") for one in CONTRASTS]
    return CONTRASTS[int(missed.argmin())]


def logits(vae: Vae, z: np.ndarray) -> np.ndarray:
    """`(n, latent_dim)` -> `(n, size, size, C) float32`."""
    return in_batches(vae.decoder.predict_on_batch, z)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """`1 / (1 + exp(-x))`, without an overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * logits)


@dataclass(frozen=True)
class CodeFacts:
    """The KL divergence of each latent dimension.

    Attributes:
        kl: `(latent_dim,)` nats, the mean over images.
        active: number of latent dimensions that are used.
    """

    kl: np.ndarray
    active: int

    @property
    def collapsed(self) -> bool:
        """Whether there is posterior collapse: the decoder ignores nearly all latent dimensions."""
        return self.active < max(1, round(0.02 * len(self.kl)))


def code_facts(z_mean: np.ndarray, z_log_var: np.ndarray) -> CodeFacts:
    """The KL divergences, from the posterior means and log variances, each `(n, latent_dim)`."""
    z_mean, z_log_var = z_mean.astype("float64"), z_log_var.astype("float64")
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).mean(0)
    return CodeFacts(kl, int((kl > LEAST_NATS).sum()))
