"""GAN inversion finds the latents of generated images again, remembers them, and can be canceled."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.generators import latent
from studio.core.metrics import lpips
from studio.core.models import presets
from studio.core.progress import Progress
from studio.dcgan.generator import load_generator


@pytest.fixture
def generator(weights_home):
    return load_generator(presets.find("digits-dcgan"))


@pytest.mark.slow
def test_a_generated_image_is_found_and_remembered(generator):
    images = generator.decode(latent.sample(generator, 12, seed=5))
    reports = []
    z = generator.encode(images[:1], Progress(reports.append))
    distances = [
        lpips.compute_distance(
            *(pair[None].astype("float32") / 255 for pair in (other, generator.decode(z)[0]))
        )
        for other in images
    ]
    assert np.argmin(distances) == 0 and distances[0] < np.sort(distances)[1] / 2
    assert np.sqrt(np.mean(z**2)) < 1.5, "a latent such as those of training"
    losses = [report.metrics["loss"] for report in reports if report.metrics]
    assert losses[-1] < losses[0] / 2
    assert np.array_equal(generator.encode(images[:1], Progress(cancelled=lambda: True)), z)


@pytest.mark.slow
def test_inversion_can_be_canceled(generator):
    with pytest.raises(Cancelled):
        generator.encode(np.zeros((1, 28, 28, 3), "uint8"), Progress(cancelled=lambda: True))
