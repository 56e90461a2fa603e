"""The Sketch page: a sample is painted at once, and results can be saved."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tiny_sketch

from pages.form.drawing_canvas import SIDE, Canvas
from pages.form.paint import to_data_url
from pages.sketch import easel
from studio.core.imaging import image_io
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS

from .elements import find_button, join_raw_texts

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_sample_is_painted_saved_and_named_in_its_command(visit, kind):
    page = visit("sketch", kind=kind.capitalize(), night="true")
    assert not page.exception and not page.error
    results = list(page.session_state["live_results_outline"].values())
    assert len(results) == 1 and image_io.read(results[0].data).shape == (384, 384, 3)
    code = " ".join(code.value for code in page.code)
    assert "studio sketch drawing.png" in code and "--night" in code
    find_button(page, "Keep").click()
    page.run()
    assert any(button.label == "Kept" for button in page.button)


def test_empty_canvas_explains_how_to_begin(visit):
    page = visit("sketch")
    page.session_state[easel.CANVASES["outline"].name] = [to_data_url(np.zeros((SIDE, SIDE, 3), "uint8"))]
    page.run()
    assert not page.exception and "Nothing is drawn yet" in join_raw_texts(page.info)
    find_button(page, "A face").click()
    page.run()
    assert not page.info


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_the_colors_of_their_canvas(kind, monkeypatch):
    canvas, state = easel.CANVASES[kind], {}
    monkeypatch.setattr("streamlit.session_state", state)
    canvas.set_drawing(easel.read_sample(kind, 0))
    masks = state[canvas.name]
    assert len(masks) == len(canvas.palette)
    drawing = canvas._compose_drawing(masks)
    assert drawing.shape == (SIDE, SIDE, 3) and drawing.any()
    if kind != "outline":
        colors = {(0, 0, 0), *canvas.palette.values()}
        assert set(map(tuple, drawing.reshape(-1, 3).tolist())) <= colors


def test_drawing_of_an_older_version_is_ignored():
    canvas = Canvas("x", COLORS)
    message = {"image": "x-0", "styles": list(COLORS), "masks": ["a"] * len(COLORS)}
    assert canvas._validate_masks(message, "x-0") == message["masks"]
    assert canvas._validate_masks(message | {"masks": ["a"]}, "x-0") is None
    assert canvas._validate_masks(message | {"image": "x-1"}, "x-0") is None
    assert canvas._validate_masks(message | {"styles": list(COLORS)[::-1]}, "x-0") is None
    assert not canvas._compose_drawing(["data:,!"] * len(COLORS)).any()
    assert np.array_equal(Canvas().palette["Line"], (255, 255, 255))


@pytest.fixture
def own_networks(engine):
    """Two trained networks: of drawings on paper, and of edges of photos."""
    networks = [tiny_sketch.make_of_pairs("paper"), tiny_sketch.make_of_pairs("from-edges", edges=True)]
    yield networks
    for network in networks:
        shutil.rmtree(network.folder)


def test_own_network_of_pairs_is_chosen_and_used(visit, own_networks, monkeypatch):
    with monkeypatch.context() as patch:  # one live result is enough: each network would be converted first
        patch.setattr(easel, "show_result", lambda *args, **more: None)
        page = visit("sketch")
        page.button_group(key="outline_network").set_value("paper").run()
        assert not page.exception and not page.error
        assert "dark on light paper" in join_raw_texts(page.caption)
        page.button_group(key="outline_network").set_value("from-edges").run()
        assert "to detect its edges" in join_raw_texts(page.caption)
    page.button_group(key="given").set_value("photo").run()
    assert not page.exception and not page.error
    results = list(page.session_state["live_results_outline"].values())
    assert {result.task for result in results} == {"sketch.translate"}
    assert "studio translate " in " ".join(code.value for code in page.code)
    assert results[-1].settings.network == "from-edges" and image_io.read(results[-1].data).shape == (
        256,
        256,
        3,
    )
