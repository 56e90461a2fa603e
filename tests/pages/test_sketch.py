"""The page that paints from drawings: a sample is painted at once, and what is good is kept."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tiny_sketch

from pages.form.drawing_canvas import SIDE, Canvas
from pages.sketch import easel
from studio.core.imaging import image_io
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS

from .test_frame import texts

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_painted_kept_and_told_by_its_command(visit, kind):
    page = visit("sketch", kind=kind.capitalize(), night="true")
    assert not page.exception and not page.error
    made = list(page.session_state["drawn_outline"].values())
    assert len(made) == 1 and image_io.read(made[0].data).shape == (384, 384, 3)
    code = " ".join(code.value for code in page.code)
    assert "studio sketch drawing.png" in code and "--night" in code
    next(button for button in page.button if button.label == "Keep").click()
    page.run()
    assert any(button.label == "Kept" for button in page.button)


def test_an_empty_canvas_says_how_to_begin(visit):
    page = visit("sketch")
    next(button for button in page.button if button.label == "Clear all").click()
    page.run()
    assert not page.exception and "Nothing is drawn yet" in texts(page.info)
    next(button for button in page.button if button.label == "A face").click()
    page.run()
    assert not page.info


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_the_colors_of_their_canvas(kind, monkeypatch):
    canvas, kept = easel.CANVASES[kind], {}
    monkeypatch.setattr("streamlit.session_state", kept)
    canvas.put(easel.sample(kind, 0))
    masks = kept[canvas.name]
    assert len(masks) == len(canvas.inks)
    drawn = canvas._painted(masks)
    assert drawn.shape == (SIDE, SIDE, 3) and drawn.any()
    if kind != "outline":
        known = {(0, 0, 0), *canvas.inks.values()}
        assert set(map(tuple, drawn.reshape(-1, 3).tolist())) <= known


def test_a_drawing_of_another_browser_is_no_drawing():
    canvas = Canvas("x", COLORS)
    assert canvas._told({"image": "x-0", "masks": ["a"]}, "x-0") is None
    assert canvas._told({"image": "x-1", "masks": ["a"] * len(COLORS)}, "x-0") is None
    assert canvas._told({"image": "x-0", "masks": ["a"] * len(COLORS)}, "x-0") is not None
    assert not canvas._painted(["data:,!"] * len(COLORS)).any()
    assert np.array_equal(Canvas().inks["Line"], (255, 255, 255))


@pytest.fixture
def mine(engine):
    """Networks of a user's own: of drawings on paper, and of the edges of photos."""
    made = [tiny_sketch.make_of_pairs("paper"), tiny_sketch.make_of_pairs("from-edges", edges=True)]
    yield made
    for one in made:
        shutil.rmtree(one.folder)


def test_a_network_of_ones_own_pairs_is_chosen_and_draws(visit, mine):
    page = visit("sketch")
    page.button_group(key="outline_network").set_value("paper").run()
    assert not page.exception and not page.error
    assert "dark on light paper" in texts(page.caption)
    assert "studio translate drawing.png" in " ".join(code.value for code in page.code)
    page.button_group(key="outline_network").set_value("from-edges").run()
    assert "to detect its edges" in texts(page.caption)
    page.button_group(key="given").set_value("photo").run()
    assert not page.exception and not page.error
    made = list(page.session_state["drawn_outline"].values())
    assert {one.task for one in made} == {"sketch.paint", "sketch.translate"}
    assert made[-1].settings.network == "from-edges" and image_io.read(made[-1].data).shape == (256, 256, 3)
