"""The Lab page in a real browser: the networks answer a stroke of a mouse and of a finger."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB = "/lab?steps=60&kind=Dense"
RECONSTRUCTION = ".lab-row figure:nth-child(2) img"  # the reconstruction of the first network


def test_mouse_stroke_is_reconstructed_and_cleared(tab):
    page = tab(LAB)
    before = strokes.read_image(page, RECONSTRUCTION)
    strokes.draw_by_mouse(page)
    drawing = strokes.wait_for_change(page, RECONSTRUCTION, before)
    page.get_by_role("button", name="Clear").click()
    strokes.wait_for_change(page, RECONSTRUCTION, drawing)
    page.get_by_text("Nothing drawn yet").wait_for()


def test_finger_draws_on_a_phone(phone_tab):
    page = phone_tab(LAB)
    before = strokes.read_image(page, RECONSTRUCTION)
    strokes.draw_by_finger(page)
    strokes.wait_for_change(page, RECONSTRUCTION, before)
    assert strokes.has_no_overflow(page)
