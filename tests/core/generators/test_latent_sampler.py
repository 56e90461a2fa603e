"""Random latents: classes as frequent as in the training images, and a density."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.generators.latent import Mixture
from studio.core.generators.latent_sampler import LatentSampler


def test_classes_of_latents_are_as_frequent_as_in_the_training_images():
    labels = np.repeat([0, 1, 2], [10, 70, 20])
    z = LatentSampler(8, 3, labels).sample(np.random.default_rng(0), 2000)
    assert z.shape == (2000, 8 + 3)
    assert z[:, -3:].mean(0) == pytest.approx([0.1, 0.7, 0.2], abs=0.04)
    equal = LatentSampler(8, 3).sample(np.random.default_rng(0), 2000)
    assert equal[:, -3:].mean(0) == pytest.approx([1 / 3] * 3, abs=0.04)


@pytest.mark.parametrize("class_count", [0, 2])
def test_latents_follow_the_density(class_count):
    density = Mixture(np.ones(1), np.full((1, 4), 3.0), np.full((1, 4), 0.25))
    z = LatentSampler(4, class_count, density=density).sample(np.random.default_rng(0), 4000)
    assert z.shape == (4000, 4 + class_count) and z.dtype == np.float32
    assert np.allclose(z[:, :4].mean(0), 3, atol=0.05) and np.allclose(z[:, :4].std(0), 0.5, atol=0.05)
    normal = LatentSampler(4, class_count).sample(np.random.default_rng(0), 4000)
    assert np.allclose(normal[:, :4].mean(0), 0, atol=0.1) and np.allclose(normal[:, :4].std(0), 1, atol=0.05)
