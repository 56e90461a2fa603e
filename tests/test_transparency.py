"""Transparent parts of a photo stay transparent in Style and Dream, and hidden colors do not show."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core import tasks
from studio.core.imaging import image_io, paintings

ORANGE = (240, 150, 30)


def draw_cutout(hidden, side=96):
    """Returns an orange disc with a soft edge; `hidden` is the color of transparent pixels."""
    across = np.hypot(*np.mgrid[:side, :side] - side / 2)
    alpha = np.clip((side / 3 - across) / 4, 0, 1)
    image = np.empty((side, side, 4), "uint8")
    image[...] = (*hidden, 0)
    image[alpha > 0, :3] = ORANGE
    image[..., 3] = np.rint(255 * alpha)
    return image


@pytest.mark.slow
@pytest.mark.parametrize(
    "task, settings",
    [
        ("style.transfer", {"house": ("mosaic",)}),
        ("style.transfer", {}),
        ("style.transfer", {"mode": "draft", "steps": 2}),
        ("dream.ascend", {"steps": 1, "octaves": 1, "layers": ("block3_conv1",)}),
    ],
    ids=str,
)
def test_a_cutout_keeps_its_alpha_and_edge_color(task, settings, weights_home):
    def process(hidden):
        inputs = {
            "content": [tasks.File.store(image_io.encode_png(draw_cutout(hidden)), "image", "disk.png")]
        }
        if task == "style.transfer" and "house" not in settings:
            painting = image_io.encode_png(paintings.read_painting("brush_strokes"))
            inputs["style"] = [tasks.File.store(painting, "image", "brush.png")]
        result = tasks.run(task, tasks.get(task).settings(size=64, **settings), inputs)
        return image_io.read_transparent(result.files[0].read())

    black, white = process((0, 0, 0)), process((255, 255, 255))
    assert black.shape == (64, 64, 4)
    assert not black[:4, :, 3].any() and black[28:36, 28:36, 3].min() == 255
    np.testing.assert_array_equal(black, white)
