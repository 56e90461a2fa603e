"""Random latents for the training and the tests of a DCGAN. Does not import Keras."""

from __future__ import annotations

import numpy as np

from studio.core.generators.latent import append_classes
from studio.dcgan.settings import TrainDcganSettings


class LatentSampler:
    """Samples latents: a standard normal vector, and with classes a one-hot class.

    Args:
        settings: of the model.
        class_count: number of classes; 0 for a model without classes.
        labels: classes of the training images, `(n,)`, as frequent as those of the latents; None for equally
            frequent classes.
    """

    def __init__(self, settings: TrainDcganSettings, class_count: int, labels: np.ndarray | None = None):
        self.latent_dim, self.class_count = settings.latent_dim, class_count
        self.labels = np.arange(class_count) if labels is None else labels

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Returns latents, `(count, latent_dim + class_count) float32`."""
        z = rng.standard_normal((count, self.latent_dim)).astype("float32")
        if not self.class_count:
            return z
        return append_classes(z, rng.choice(self.labels, count), self.class_count)
