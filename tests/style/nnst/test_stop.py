"""A stopped optimization, its strength, and its masks."""

import numpy as np
import pytest

from studio.core.pictures import images
from studio.core.progress import Progress
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("last", [1, 6, 8])  # within a size, at its last step, and after it
def test_stopping_after_any_step_replays_exactly(weights_home, photo, painting, last):
    settings = TransferSettings(mode="fine", size=96, steps=6)
    count = 0

    def listen(report):
        nonlocal count
        count += bool(report.metrics)

    stopped = transfer(photo, [painting], settings, (), Progress(listen, cancelled=lambda: count >= last))
    assert stopped.stopped_early and stopped.figures["steps"] == last
    again = transfer(photo, [painting], settings.model_copy(update={"stop_after": last}))
    np.testing.assert_array_equal(stopped.image, again.image)


def test_structure_falls_and_style_rises_with_strength(weights_home, photo, painting):
    from benchmarks import looks
    from studio.core.objectives import backbones

    backbone, content = backbones.load("vgg16"), images.fit(photo, 128)
    results = [
        transfer(photo, [painting], TransferSettings(mode="fine", size=128, steps=40, strength=s)).image
        for s in (0.2, 0.5, 1)
    ]
    structures = [looks.structure(backbone, one, content, painting, 128) for one in results]
    styles = [looks.style(backbone, one, painting, 128) for one in results]
    assert structures == sorted(structures)
    assert styles == sorted(styles, reverse=True)
