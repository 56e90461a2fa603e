"""The page that paints from drawings: a sample is painted at once, and what is good is kept."""

from __future__ import annotations

import numpy as np
import pytest

from pages.form.drawing_canvas import SIDE, Canvas
from pages.outline import easel
from studio.core.pictures import images
from studio.outline.parts import COLOURS
from studio.outline.settings import KINDS

from .test_frame import texts


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_painted_kept_and_told_by_its_command(visit, kind):
    page = visit("outline", kind=kind.capitalize(), night="true")
    assert not page.exception and not page.error
    made = list(page.session_state["drawn_outline"].values())
    assert len(made) == 1 and images.read(made[0].data).shape == (384, 384, 3)
    code = " ".join(code.value for code in page.code)
    assert "studio outline drawing.png" in code and "--night" in code
    next(button for button in page.button if button.label == "Keep").click()
    page.run()
    assert any(button.label == "Kept" for button in page.button)


def test_an_empty_canvas_says_how_to_begin(visit):
    page = visit("outline")
    next(button for button in page.button if button.label == "Clear all").click()
    page.run()
    assert not page.exception and "Nothing is drawn yet" in texts(page.info)
    next(button for button in page.button if button.label == "A face").click()
    page.run()
    assert not page.info


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_the_colours_of_their_canvas(kind, monkeypatch):
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
    canvas = Canvas("x", COLOURS)
    assert canvas._told({"picture": "x-0", "masks": ["a"]}, "x-0") is None
    assert canvas._told({"picture": "x-1", "masks": ["a"] * len(COLOURS)}, "x-0") is None
    assert canvas._told({"picture": "x-0", "masks": ["a"] * len(COLOURS)}, "x-0") is not None
    assert not canvas._painted(["data:,!"] * len(COLOURS)).any()
    assert np.array_equal(Canvas().inks["Line"], (255, 255, 255))
