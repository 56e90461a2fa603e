"""The held-out bound: how many nats a model needs at most to tell a black and white picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from studio.core.progress import Progress
from studio.vae import codes
from studio.vae.model import Vae


@dataclass(frozen=True)
class Elbo:
    """Nats a picture, the mean over `n`, and its standard error."""

    nats: float
    error: float
    n: int


def elbo(vae: Vae, pictures: np.ndarray, seed: int = 0, progress: Progress | None = None) -> Elbo:
    """The bound on black and white pictures (the negative ELBO), with one code drawn for each.

    Args:
        vae: trained on black and white pictures (`likelihood` "binary").
        pictures: `(n, size, size, 1) uint8`; made black and white by one draw, then codes are drawn with the
            same generator.
        seed: of that generator.
        progress: asked for a cancel.

    Reference:
        Kingma and Welling 2014, arXiv:1312.6114; binarised as in Salakhutdinov and Murray 2008.
    """
    rng = np.random.default_rng(seed)
    binary = codes.binarize(pictures, rng)
    z_mean, z_log_var = (one.astype("float64") for one in codes.encode(vae, binary, progress))
    z = z_mean + np.exp(0.5 * z_log_var) * rng.standard_normal(z_mean.shape)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(1)
    missed = np.empty(len(z))
    for at in range(0, len(z), codes.BATCH):
        logits = codes.logits(vae, z[at : at + codes.BATCH]).astype("float64")
        white = binary[at : at + codes.BATCH] > 0
        missed[at : at + len(logits)] = (np.logaddexp(0, logits) - white * logits).sum((1, 2, 3))
    nats = missed + kl
    return Elbo(float(nats.mean()), float(nats.std() / math.sqrt(len(nats))), len(nats))
