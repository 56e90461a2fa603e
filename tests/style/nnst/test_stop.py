"""NNST: stopping early, strength and masks."""

import numpy as np
import pytest

from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.style.nnst import measure
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("last", [6, 8])  # at the last step of an octave, and within the next
def test_stopping_after_any_step_replays_exactly(weights_home, photo, painting, last, monkeypatch):
    monkeypatch.setattr("studio.style.transfer._is_closer_to_styles", lambda *_: True)
    settings = TransferSettings(mode="fine", size=96, steps=6)
    count = 0

    def listen(report):
        nonlocal count
        count += bool(report.metrics)

    stopped = transfer(photo, [painting], settings, (), Progress(listen, cancelled=lambda: count >= last))
    assert stopped.stopped_early and stopped.figures["steps"] == last
    again = transfer(photo, [painting], settings.model_copy(update={"stop_after": last}))
    np.testing.assert_array_equal(stopped.image, again.image)


@pytest.mark.parametrize("distance", [0.4, 0.6])
def test_a_stopped_image_is_kept_if_its_style_is_closer_than_the_first_look(
    weights_home, photo, painting, monkeypatch, distance
):
    first = transfer(photo, [painting], TransferSettings(size=96)).image

    def measure_style_distance(_, result, *__):
        return 0.5 if np.array_equal(result, first) else distance

    monkeypatch.setattr("studio.style.transfer.measure_style_distance", measure_style_distance)
    steps = []
    progress = Progress(lambda report: steps.extend(report.metrics), cancelled=lambda: bool(steps))
    stopped = transfer(photo, [painting], TransferSettings(mode="fine", size=96, steps=6), (), progress)
    assert stopped.stopped_early
    assert np.array_equal(stopped.image, first) == (distance > 0.5)
    assert ("steps" in stopped.figures) == (distance < 0.5)


def test_an_unfinished_image_is_further_from_the_style_than_the_finished_one(weights_home, photo, painting):
    backbone, settings = backbones.load("vgg16"), TransferSettings(mode="fine", size=96, steps=10)
    early, finished = (
        transfer(photo, [painting], settings.model_copy(update={"stop_after": stop})).image
        for stop in (2, None)
    )
    distances = [
        measure.measure_style_distance(backbone, image, painting) for image in (early, finished, painting)
    ]
    assert distances[0] > distances[1] > distances[2]


def test_strength_lowers_structure_and_raises_style(weights_home, photo, painting):
    from benchmarks import looks

    backbone, content = backbones.load("vgg16"), image_io.fit(photo, 96)
    results = [
        transfer(photo, [painting], TransferSettings(mode="fine", size=96, steps=10, strength=s)).image
        for s in (0.2, 0.5, 1)
    ]
    structures = [looks.measure_structure(backbone, result, content, painting, 96) for result in results]
    styles = [measure.measure_style_distance(backbone, result, painting, 96) for result in results]
    assert structures == sorted(structures)
    assert styles == sorted(styles, reverse=True)
