"""The lab in a real browser: a stroke is answered, with a mouse and with a finger on a phone."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB = "/lab?steps=60&kind=Dense"
ANSWER = ".lab-row figure:nth-child(2) img"  # what the first network makes of the drawing


def test_a_stroke_of_the_mouse_is_answered_and_cleared(tab):
    page = tab(LAB)
    before = strokes.source(page, ANSWER)
    strokes.by_mouse(page)
    drawn = strokes.changed(page, ANSWER, before)
    page.get_by_role("button", name="Clear").click()
    strokes.changed(page, ANSWER, drawn)
    page.get_by_text("Nothing drawn yet").wait_for()


def test_a_finger_draws_on_a_phone(browser, server):
    with strokes.phone(browser, server + LAB) as page:
        before = strokes.source(page, ANSWER)
        strokes.by_finger(page)
        strokes.changed(page, ANSWER, before)
        assert strokes.fits_sideways(page)
