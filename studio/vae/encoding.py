"""Encodes and decodes images in batches, and measures the latents of a VAE."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studio.core.data import ImageSubset
from studio.core.generators.batches import BATCH_SIZES, run_in_batches
from studio.core.progress import Progress
from studio.vae.generator import MAX_CONTRAST
from studio.vae.model import MAX_LOG_VAR, MIN_LOG_VAR, Vae
from studio.vae.settings import TrainVaeSettings

BATCH = BATCH_SIZES[-1]
MIN_ACTIVE_NATS = 0.05  # KL of an active latent dimension; below, it does not change the image
CONTRASTS = tuple(n / 10 for n in range(10, 10 * int(MAX_CONTRAST) + 1))  # candidates of `choose_contrast`


def binarize(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Binarizes `uint8` images: each pixel is white with the probability of its gray level."""
    white = rng.random(images.shape, dtype="float32") * 255 < images
    return white.astype("uint8") * np.uint8(255)


def make_preprocessing(settings: TrainVaeSettings) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a function that prepares image batches for the model: binarizes them, or leaves them unchanged.

    Binarization uses the seed 0, so that the same images in the same order give the same result for any
    batch size.
    """
    rng = np.random.default_rng(0)
    if settings.likelihood == "binary":
        return lambda images: binarize(images, rng)
    return lambda images: images


def encode(
    vae: Vae,
    images: np.ndarray | ImageSubset,
    progress: Progress | None = None,
    preprocess_batch: Callable[[np.ndarray], np.ndarray] = np.asarray,
    labels: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the means and log variances of the latents of images, each `(n, latent_dim)`, without classes.

    Args:
        vae: the model.
        images: `(n, size, size, C) uint8`.
        progress: checked for cancellation.
        preprocess_batch: prepares each batch, if the images are not prepared yet; see `make_preprocessing`.
        labels: classes of the images, `(n,)`; None for a model without classes.
    """
    outputs = []
    for at in range(0, len(images), BATCH):
        if progress is not None:
            progress.check()
        batch = preprocess_batch(images[at : at + BATCH]).astype("float32") / 255
        outputs.append(run_in_batches(vae.encoder.predict_on_batch, batch))
    z_mean, z_log_var = np.split(np.concatenate(outputs), 2, axis=1)
    if labels is not None:
        z_mean = z_mean - vae.class_vectors[labels]
    return z_mean, z_log_var.clip(MIN_LOG_VAR, MAX_LOG_VAR)


def sample_latents(z_mean: np.ndarray, z_log_var: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Samples a latent vector per image, as in training: `(n, latent_dim) float32`."""
    epsilon = rng.standard_normal(z_mean.shape, dtype="float32")
    return z_mean + np.exp(0.5 * z_log_var) * epsilon


def compute_reconstruction_error(
    vae: Vae,
    images: np.ndarray | ImageSubset,
    z: np.ndarray,
    preprocess_batch: Callable[[np.ndarray], np.ndarray],
    contrast: float = 1.0,
) -> float:
    """Computes the root-mean-square reconstruction error of images, 0 to 255.

    Args:
        vae: the model.
        images: `(n, size, size, C) uint8`.
        z: mean latents of the images, see `decode_logits`.
        preprocess_batch: see `make_preprocessing`.
        contrast: see `choose_contrast`.
    """
    squared_sum, count = 0.0, 0
    for at in range(0, len(z), BATCH):
        targets = preprocess_batch(images[at : at + BATCH])
        outputs = decode(vae, z[at : at + BATCH], contrast).astype("float32")
        squared_sum += float(np.square(outputs - targets).sum(dtype="float64"))
        count += targets.size
    return math.sqrt(squared_sum / count)


def decode(vae: Vae, z: np.ndarray, contrast: float = 1.0) -> np.ndarray:
    """Decodes latents, see `decode_logits`, to images `(n, size, size, C) uint8`; see `choose_contrast`."""
    return np.rint(255 * sigmoid(contrast * decode_logits(vae, z))).astype("uint8")


def choose_contrast(
    vae: Vae, images: np.ndarray | ImageSubset, z: np.ndarray, progress: Progress | None = None
) -> float:
    """Returns the factor on the logits that minimizes the absolute error of reconstructions.

    A model of binary images outputs probabilities. Where a stroke may or may not lie, these are a blurry gray
    that minimizes squared error; of CONTRASTS, the returned factor minimizes absolute error.

    Args:
        images: `(n, size, size, C) uint8`, grayscale.
        z: latents sampled for them, see `decode_logits`.
        progress: checked for cancellation.
    """
    errors = np.zeros(len(CONTRASTS))
    for at in range(0, len(z), BATCH):
        if progress is not None:
            progress.check()
        batch_logits, real = (
            decode_logits(vae, z[at : at + BATCH]),
            images[at : at + BATCH].astype("float32") / 255,
        )
        errors += [np.abs(sigmoid(factor * batch_logits) - real).sum(dtype="float64") for factor in CONTRASTS]
    return CONTRASTS[int(errors.argmin())]


def decode_logits(vae: Vae, z: np.ndarray) -> np.ndarray:
    """Decodes latents, `(n, latent_dim + class_count)`, to logits `(n, size, size, C) float32`."""
    z, one_hot = np.split(z, [z.shape[1] - vae.class_count], axis=1)
    return run_in_batches(vae.decoder.predict_on_batch, z + one_hot @ vae.class_vectors)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Returns `1 / (1 + exp(-x))` without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * logits)


@dataclass(frozen=True)
class KlStatistics:
    """The KL divergence of each latent dimension.

    Attributes:
        kl: `(latent_dim,)` nats, the mean over images.
        active: number of latent dimensions with at least LEAST_NATS.
    """

    kl: np.ndarray
    active: int

    @property
    def is_collapsed(self) -> bool:
        """Whether there is posterior collapse: the decoder ignores nearly all latent dimensions."""
        return self.active < max(1, round(0.02 * len(self.kl)))


def compute_kl_statistics(z_mean: np.ndarray, z_log_var: np.ndarray) -> KlStatistics:
    """Computes the KL divergences from the posterior means and log variances, each `(n, latent_dim)`."""
    z_mean, z_log_var = z_mean.astype("float64"), z_log_var.astype("float64")
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).mean(0)
    return KlStatistics(kl, int((kl > MIN_ACTIVE_NATS).sum()))
