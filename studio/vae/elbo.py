"""Bounds on the negative log-likelihood of held-out binary images, with one latent sample or many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from studio.core.generators.latent import append_classes
from studio.core.progress import Progress
from studio.vae import encoding
from studio.vae.model import Vae

SLACK_SAMPLES = 500  # latent samples per image in `compute_slack`
SLACK_IMAGES = 100  # images that `compute_slack` is computed on


@dataclass(frozen=True)
class Elbo:
    """Nats per image: the mean over `n` images and its standard error."""

    nats: float
    error: float
    n: int


def compute_elbo(
    vae: Vae, images: np.ndarray, labels: np.ndarray | None = None, progress: Progress | None = None
) -> Elbo:
    """Computes the negative ELBO of binary images, given their classes, with one latent sample per image.

    Args:
        vae: trained on binary images (`likelihood` "binary").
        images: `(n, size, size, 1) uint8`; binarized at random with the generator that then samples latents.
        labels: classes of the images, `(n,)`; None for a model without classes.
        progress: checked for cancellation.

    Reference:
        Kingma and Welling 2014, arXiv:1312.6114; binarized as in Salakhutdinov and Murray 2008.
    """
    rng = np.random.default_rng(0)
    binary = encoding.binarize(images, rng)
    z_mean, z_log_var = (
        part.astype("float64") for part in encoding.encode(vae, binary, progress, labels=labels)
    )
    z = z_mean + np.exp(0.5 * z_log_var) * rng.standard_normal(z_mean.shape)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(1)
    z = append_classes(z, labels, vae.class_count)
    return _summarize(_compute_reconstruction_nll(vae, z, binary) + kl)


def compute_slack(
    vae: Vae,
    images: np.ndarray,
    samples: int = SLACK_SAMPLES,
    labels: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Elbo:
    """Computes how much tighter the bound gets with many latent samples per image, in nats.

    `compute_elbo` minus this is the importance-weighted bound, which papers report as negative
    log-likelihood. More samples lower it: papers take 5,000, which gives a few tenths less. Both bounds use
    the same latents of each image, so that few images are enough.

    Args:
        vae, images, labels: as in `compute_elbo`.
        samples: latent samples per image.
        progress: checked for cancellation before each image.

    Raises:
        Cancelled: if the user stopped the job.

    Reference:
        Burda et al. 2016, "Importance weighted autoencoders", arXiv:1509.00519.
    """
    progress = progress or Progress()
    rng = np.random.default_rng(0)
    binary = encoding.binarize(images, rng)
    z_mean, z_log_var = (
        part.astype("float64") for part in encoding.encode(vae, binary, progress, labels=labels)
    )
    slack_nats = np.empty(len(binary))
    for n, (mean, log_var) in enumerate(zip(z_mean, z_log_var, strict=True)):
        progress.check()
        noise = rng.standard_normal((samples, len(mean)))
        z = mean + np.exp(0.5 * log_var) * noise
        # ln p(x | z) + ln p(z) - ln q(z | x): the constants of both normal densities cancel
        label = None if labels is None else np.repeat(labels[n], samples)
        z_and_class = append_classes(z, label, vae.class_count)
        reconstruction_nll = _compute_reconstruction_nll(vae, z_and_class, binary[n : n + 1])
        log_weights = 0.5 * (noise**2 - z**2 + log_var).sum(1) - reconstruction_nll
        slack_nats[n] = np.logaddexp.reduce(log_weights) - math.log(samples) - log_weights.mean()
    return _summarize(slack_nats)


def _compute_reconstruction_nll(vae: Vae, z: np.ndarray, binary: np.ndarray) -> np.ndarray:
    """Returns -ln p(x | z) of each latent, `(n,)`, for its image or for a single image."""
    nll = np.empty(len(z))
    for at in range(0, len(z), encoding.BATCH):
        logits = encoding.decode_logits(vae, z[at : at + encoding.BATCH]).astype("float64")
        white = (binary if len(binary) == 1 else binary[at : at + encoding.BATCH]) > 0
        nll[at : at + len(logits)] = (np.logaddexp(0, logits) - white * logits).sum((1, 2, 3))
    return nll


def _summarize(nats: np.ndarray) -> Elbo:
    return Elbo(float(nats.mean()), float(nats.std() / math.sqrt(len(nats))), len(nats))
