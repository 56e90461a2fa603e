"""Nats that a model needs to tell a held-out black and white image: by one code each, and by many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from studio.core.progress import Progress
from studio.vae import codes
from studio.vae.model import Vae

DRAWS = 500  # codes that are weighed for an image by `slack`
WEIGHED = 100  # images that it looks at


@dataclass(frozen=True)
class Elbo:
    """Nats per image, the mean over `n`, and its standard error."""

    nats: float
    error: float
    n: int


def elbo(vae: Vae, images: np.ndarray, seed: int = 0, progress: Progress | None = None) -> Elbo:
    """The bound on black and white images (the negative ELBO), with one code drawn for each.

    Args:
        vae: trained on black and white images (`likelihood` "binary").
        images: `(n, size, size, 1) uint8`; made black and white by one draw, then codes are drawn with the
            same generator.
        seed: of that generator.
        progress: asked for a cancel.

    Reference:
        Kingma and Welling 2014, arXiv:1312.6114; binarized as in Salakhutdinov and Murray 2008.
    """
    rng = np.random.default_rng(seed)
    binary = codes.binarize(images, rng)
    z_mean, z_log_var = (one.astype("float64") for one in codes.encode(vae, binary, progress))
    z = z_mean + np.exp(0.5 * z_log_var) * rng.standard_normal(z_mean.shape)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(1)
    return _over_images(_missed(vae, z, binary) + kl)


def slack(
    vae: Vae, images: np.ndarray, draws: int = DRAWS, seed: int = 0, progress: Progress | None = None
) -> Elbo:
    """By how many nats the bound is tighter when many codes are weighed than when one is drawn.

    `elbo` less this is the importance-weighted bound, which tables of papers call the negative
    log-likelihood. The more codes, the lower it is: papers take 5,000, so that theirs is a few tenths lower.
    Of each image both are told by the same codes, so that few images are enough.

    Args:
        vae, images, seed: as in `elbo`.
        draws: codes for each image.
        progress: asked for a cancel before each image.

    Raises:
        Cancelled: if a user asked to stop.

    Reference:
        Burda et al. 2016, "Importance weighted autoencoders", arXiv:1509.00519.
    """
    progress = progress or Progress()
    rng = np.random.default_rng(seed)
    binary = codes.binarize(images, rng)
    z_mean, z_log_var = (one.astype("float64") for one in codes.encode(vae, binary, progress))
    gained = np.empty(len(binary))
    for n, (mean, log_var) in enumerate(zip(z_mean, z_log_var, strict=True)):
        progress.check()
        noise = rng.standard_normal((draws, len(mean)))
        z = mean + np.exp(0.5 * log_var) * noise
        # ln p(x | z) + ln p(z) - ln q(z | x): the constants of both normals cancel out
        weights = 0.5 * (noise**2 - z**2 + log_var).sum(1) - _missed(vae, z, binary[n : n + 1])
        gained[n] = np.logaddexp.reduce(weights) - math.log(draws) - weights.mean()
    return _over_images(gained)


def _missed(vae: Vae, z: np.ndarray, binary: np.ndarray) -> np.ndarray:
    """-ln p(x | z) of every code, `(n,)`: of an image each, or all of the one there is."""
    missed = np.empty(len(z))
    for at in range(0, len(z), codes.BATCH):
        logits = codes.logits(vae, z[at : at + codes.BATCH]).astype("float64")
        white = (binary if len(binary) == 1 else binary[at : at + codes.BATCH]) > 0
        missed[at : at + len(logits)] = (np.logaddexp(0, logits) - white * logits).sum((1, 2, 3))
    return missed


def _over_images(nats: np.ndarray) -> Elbo:
    return Elbo(float(nats.mean()), float(nats.std() / math.sqrt(len(nats))), len(nats))
