"""From pictures to codes and back in batches, and what the codes of pictures tell of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from studio.core.data import Part
from studio.core.progress import Progress
from studio.vae.model import LEAST_LOG_VAR, MOST_LOG_VAR, Vae
from studio.vae.settings import TrainVaeSettings

BATCHES = (1, 8, 64)  # the only numbers of pictures at once, so that nothing is compiled twice
BATCH = BATCHES[-1]
LEAST_NATS = 0.05  # that a number tells of a picture; below, nothing of it shows
T = TypeVar("T", np.ndarray, Part)


def drawn(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black and white pictures: each pixel of `uint8` is white with the chance of its gray level."""
    return np.where(rng.random(pictures.shape, dtype="float32") * 255 < pictures, 255, 0).astype("uint8")


def prepared(pictures: T, settings: TrainVaeSettings) -> T | np.ndarray:
    """As the model sees them: gray ones as they are, or black and white, drawn once with the seed 0."""
    if settings.likelihood != "binary":
        return pictures
    return drawn(pictures[:], np.random.default_rng(0))


def encode(
    vae: Vae, pictures: np.ndarray | Part, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """`(n, size, size, C) uint8` -> the means and log variances of their codes, each `(n, latent_dim)`."""
    found = []
    for at in range(0, len(pictures), BATCH):
        if progress is not None:
            progress.check()
        some = np.asarray(pictures[at : at + BATCH], "float32") / 255
        found.append(_by_batch(vae.encoder, some))
    z_mean, z_log_var = np.split(np.concatenate(found), 2, axis=1)
    return z_mean, z_log_var.clip(LEAST_LOG_VAR, MOST_LOG_VAR)


def decode(vae: Vae, z: np.ndarray) -> np.ndarray:
    """`(n, latent_dim)` -> pictures `(n, size, size, C) uint8`."""
    parts = [sigmoid(logits(vae, z[at : at + BATCH])) for at in range(0, len(z), BATCH)]
    return np.rint(255 * np.concatenate(parts)).astype("uint8")


def logits(vae: Vae, z: np.ndarray) -> np.ndarray:
    """`(n, latent_dim)`, at most BATCH of them -> `(n, size, size, C) float32`."""
    return _by_batch(vae.decoder, np.asarray(z, "float32"))


def _by_batch(network, some: np.ndarray) -> np.ndarray:
    """Runs a network on rows filled up to the next of BATCHES."""
    count = len(some)
    full = next(size for size in BATCHES if size >= count)
    padded = np.concatenate([some, np.zeros((full - count, *some.shape[1:]), "float32")])
    return np.asarray(network.predict_on_batch(padded))[:count]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """`1 / (1 + exp(-x))`, without an overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * logits)


@dataclass(frozen=True)
class Told:
    """What the numbers of codes tell of pictures.

    Attributes:
        kl: `(latent_dim,)` nats that each number tells of a picture, the mean over pictures.
        active: how many of them tell anything.
    """

    kl: np.ndarray
    active: int

    @property
    def collapsed(self) -> bool:
        """Whether the codes tell next to nothing: pictures are drawn as if there were none."""
        return self.active < max(1, round(0.02 * len(self.kl)))


def told(z_mean: np.ndarray, z_log_var: np.ndarray) -> Told:
    """What codes tell, from their means and log variances, each `(n, latent_dim)`."""
    z_mean, z_log_var = z_mean.astype("float64"), z_log_var.astype("float64")
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).mean(0)
    return Told(kl, int((kl > LEAST_NATS).sum()))
