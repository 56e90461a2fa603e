"""The Lab page in a real browser: the networks answer a stroke of a mouse and of a finger."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB = "/lab?steps=60&kind=Dense"
ANSWER = ".lab-row figure:nth-child(2) img"  # the reconstruction of the first network


def test_a_stroke_of_the_mouse_is_answered_and_cleared(tab):
    page = tab(LAB)
    before = strokes.source(page, ANSWER)
    strokes.by_mouse(page)
    drawing = strokes.changed(page, ANSWER, before)
    page.get_by_role("button", name="Clear").click()
    strokes.changed(page, ANSWER, drawing)
    page.get_by_text("Nothing drawn yet").wait_for()


def test_a_finger_draws_on_a_phone(browser, server):
    with strokes.phone(browser, server + LAB) as page:
        before = strokes.source(page, ANSWER)
        strokes.by_finger(page)
        strokes.changed(page, ANSWER, before)
        assert strokes.fits_sideways(page)
