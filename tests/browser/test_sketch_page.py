"""The Sketch page in a real browser: each stroke changes the avatar, by mouse and by touch."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AVATAR = "img[alt^='Your drawing as an avatar']"


def test_a_stroke_of_the_mouse_paints_another_avatar(tab):
    page = tab("/sketch")
    before = strokes.source(page, AVATAR)
    strokes.by_mouse(page)
    drawing = strokes.changed(page, AVATAR, before)
    page.get_by_role("button", name="Undo").click()
    assert strokes.changed(page, AVATAR, drawing) == before
    page.get_by_role("button", name="Clear all").click()
    page.get_by_text("Nothing is drawn yet").wait_for()
    strokes.by_mouse(page)
    assert strokes.source(page, AVATAR) not in (before, drawing)


def test_another_face_and_strokes_are_undone_and_redone_by_keyboard(tab):
    page = tab("/sketch")
    first = strokes.source(page, AVATAR)
    strokes.by_mouse(page)
    drawing = strokes.changed(page, AVATAR, first)
    page.get_by_role("button", name="A face").click()
    face = strokes.changed(page, AVATAR, drawing)
    page.keyboard.press("Control+z")
    assert strokes.changed(page, AVATAR, face) == drawing
    page.keyboard.press("Control+z")
    assert strokes.changed(page, AVATAR, drawing) == first
    page.keyboard.press("Control+Shift+z")
    assert strokes.changed(page, AVATAR, first) == drawing
    page.get_by_role("button", name="Redo").click()
    assert strokes.changed(page, AVATAR, drawing) == face


def test_a_finger_paints_another_avatar_on_a_phone(browser, server):
    with strokes.phone(browser, f"{server}/sketch?kind=Parts") as page:
        before = strokes.source(page, AVATAR)
        strokes.by_finger(page)
        strokes.changed(page, AVATAR, before)
        assert strokes.fits_sideways(page)
