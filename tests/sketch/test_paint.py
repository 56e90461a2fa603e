"""Painted avatars agree with Keras, in any color and size."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tiny_sketch

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.sketch import drawings, paint, palette
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS
from training.drawings.sketches import doodles, views
from training.drawings.sketches.partial_avatars import choose_avatar


@pytest.fixture(scope="module")
def generator(tiny):
    return paint.Generator(tiny)


@pytest.fixture
def planes():
    return np.random.default_rng(0).random((32, 32, 7)).astype("float32")


def test_the_exported_network_gives_the_output_of_keras(generator, planes):
    expected = tiny_sketch.build_learner().generator.predict_on_batch(planes[None])[0]
    np.testing.assert_allclose(generator.predict_layers(planes), expected, atol=1e-5)


def test_rendering_agrees_with_keras(generator, planes):
    from studio.sketch.learn.learner import render

    layers = generator.predict_layers(planes)
    colors = palette.make_color_table(palette.choose_random_colors(3), night=True)
    with_keras = np.asarray(render(layers[None], colors[None]))[0]
    plain = paint.render_avatar(layers, colors, 32)
    assert np.abs(with_keras * 255 - plain).max() <= 0.51


def test_a_role_is_rendered_in_its_color():
    layers = np.full((32, 32, palette.ROLES + 1), -20, "float32")
    skin = palette.COLOR_ROLES.index("skin")
    layers[..., skin] = 20
    colors = palette.make_color_table(palette.choose_random_colors(5))
    for side in (32, 96):
        image = paint.render_avatar(layers, colors, side)
        assert image.shape == (side, side, 3)
        assert np.abs(image - 255 * colors[skin]).max() <= 1


def test_borders_stay_sharp_where_an_image_is_enlarged():
    layers = np.full((32, 32, palette.ROLES + 1), -8, "float32")
    layers[:, :16, 0] = layers[:, 16:, 1] = 8
    colors = np.zeros((palette.ROLES, 3), "float32")
    colors[1] = 1
    row = paint.render_avatar(layers, colors, 320)[160, :, 0].astype(int)
    assert row[:150].max() < 3 and row[170:].min() > 252
    assert ((row > 25) & (row < 230)).sum() <= 6


@pytest.mark.parametrize("kind", KINDS)
def test_drawings_of_any_size_give_the_same_input(kind):
    avatar = choose_avatar(1, 5, 0.0)
    large = doodles.draw(avatar, kind, 384, np.random.default_rng(4))
    drawings_read = [
        drawings.prepare_drawing(image, kind, 96).astype(int)
        for image in (large, image_io.resize(large, 256, 256))
    ]
    assert drawings_read[0].shape == (96, 96, 3)
    assert np.abs(drawings_read[0] - drawings_read[1]).mean() < 10


def test_dark_lines_on_paper_are_inverted():
    lines = views.draw_outline(choose_avatar(1, 5, 0.0).scene.trace_shapes(), 200)
    drawings_read = [
        drawings.prepare_drawing(image, "outline", 96).astype(int) for image in (lines, 255 - lines)
    ]
    np.testing.assert_array_equal(*drawings_read)


def test_parts_are_assigned_by_the_nearest_color():
    drawing = np.zeros((64, 64, 3), "uint8")
    drawing[8:40, 8:40] = np.array(COLORS["Hair"]) + 9
    drawing[40:] = (0, 255, 255)  # no part has this color
    parts = drawings.prepare_drawing(drawing, "parts", 64)
    assert (parts[8:40, 8:40] == COLORS["Hair"]).all() and not parts[40:].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_image_of_one_color_is_rejected(kind, level):
    with pytest.raises(InvalidInput, match="Use a"):
        drawings.prepare_drawing(np.full((40, 60, 3), level, "uint8"), kind, 32)


def test_a_single_dot_is_accepted():
    dot = np.zeros((280, 280, 3), "uint8")
    dot[140:144, 140:144] = 255
    assert drawings.prepare_drawing(dot, "outline", 96).max() > 60


def test_painting_loads_no_keras(tiny):
    code = (
        "import sys; from pathlib import Path; import numpy as np;"
        "from studio.core.models import presets; from studio.sketch import paint;"
        f"p = paint.load_generator(presets.find(Path({str(tiny.folder)!r})));"
        "p.predict_layers(np.zeros((32, 32, 7), 'float32')); sys.exit('keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
