"""Random latents for the training and the evaluation of a generator. Does not import Keras."""

from __future__ import annotations

import numpy as np

from studio.core.generators.latent import Mixture, append_classes


class LatentSampler:
    """Samples latents, and with classes appends one-hot classes.

    Args:
        latent_dim: length of a latent vector without its class.
        class_count: number of classes; 0 for a model without classes.
        labels: classes of the training images, `(n,)`, as frequent as those of the latents; None for equally
            frequent classes.
        density: density of the latents; None for the standard normal distribution.
    """

    def __init__(
        self,
        latent_dim: int,
        class_count: int = 0,
        labels: np.ndarray | None = None,
        density: Mixture | None = None,
    ):
        self.latent_dim, self.class_count, self.density = latent_dim, class_count, density
        self.labels = np.arange(class_count) if labels is None else labels

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Returns latents, `(count, latent_dim + class_count) float32`."""
        if self.density is not None:
            z = self.density.sample(count, rng)
        else:
            z = rng.standard_normal((count, self.latent_dim)).astype("float32")
        if not self.class_count:
            return z
        return append_classes(z, rng.choice(self.labels, count), self.class_count)
