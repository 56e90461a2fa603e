"""Transparent parts of a photo stay transparent and show no fringe."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core import tasks
from studio.core.imaging import image_io
from studio.style import transparency
from studio.style.settings import TransferSettings

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


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 0, 255)])
def test_transparent_pixels_get_the_color_of_visible_neighbors(hidden):
    colors, alpha = transparency.split_alpha(draw_cutout(hidden))
    assert np.abs(colors.astype(int) - ORANGE).max() <= 1
    np.testing.assert_array_equal(alpha, draw_cutout(hidden)[..., 3])


def test_an_image_without_alpha_is_unchanged():
    image = draw_cutout((0, 0, 0))[..., :3]
    colors, alpha = transparency.split_alpha(image)
    assert colors is image and alpha is None
    assert transparency.join_alpha(image, None) is image


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 5)])
def test_an_invisible_image_becomes_white(shape):
    colors, _ = transparency.split_alpha(np.zeros((*shape, 4), "uint8"))
    assert (colors == 255).all()


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"house": ("mosaic",)}, {}, {"mode": "draft", "steps": 2}], ids=str)
def test_a_stylized_cutout_keeps_its_alpha_and_edge_color(options, weights_home, painting):
    def painted(hidden):
        content = tasks.File.store(image_io.encode_png(draw_cutout(hidden)), "image", "disk.png")
        style = tasks.File.store(image_io.encode_png(painting), "image", "brush.png")
        inputs = {"content": [content], "style": [] if "house" in options else [style]}
        result = tasks.run("style.transfer", TransferSettings(size=64, **options), inputs)
        return image_io.read_transparent(result.files[0].read())

    black, white = painted((0, 0, 0)), painted((255, 255, 255))
    assert black.shape == (64, 64, 4)
    assert not black[:4, :, 3].any() and black[28:36, 28:36, 3].min() == 255
    np.testing.assert_array_equal(black, white)
