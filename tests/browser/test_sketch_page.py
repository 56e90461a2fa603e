"""Drawing a face in a real browser: after a stroke the avatar is another one, by mouse and by finger."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AVATAR = "img[alt^='Your drawing as an avatar']"


def test_a_stroke_of_the_mouse_paints_another_avatar(tab):
    page = tab("/sketch")
    before = strokes.source(page, AVATAR)
    strokes.by_mouse(page)
    drawn = strokes.changed(page, AVATAR, before)
    page.get_by_role("button", name="Undo").click()
    assert strokes.changed(page, AVATAR, drawn) == before
    page.get_by_role("button", name="Clear all").click()
    page.get_by_text("Nothing is drawn yet").wait_for()
    strokes.by_mouse(page)
    assert strokes.source(page, AVATAR) not in (before, drawn)


def test_another_face_and_strokes_are_undone_and_redone_by_keyboard(tab):
    page = tab("/sketch")
    first = strokes.source(page, AVATAR)
    strokes.by_mouse(page)
    drawn = strokes.changed(page, AVATAR, first)
    page.get_by_role("button", name="A face").click()
    face = strokes.changed(page, AVATAR, drawn)
    page.keyboard.press("Control+z")
    assert strokes.changed(page, AVATAR, face) == drawn
    page.keyboard.press("Control+z")
    assert strokes.changed(page, AVATAR, drawn) == first
    page.keyboard.press("Control+Shift+z")
    assert strokes.changed(page, AVATAR, first) == drawn
    page.get_by_role("button", name="Redo").click()
    assert strokes.changed(page, AVATAR, drawn) == face


def test_a_finger_paints_another_avatar_on_a_phone(browser, server):
    with strokes.phone(browser, f"{server}/sketch?kind=Parts") as page:
        before = strokes.source(page, AVATAR)
        strokes.by_finger(page)
        strokes.changed(page, AVATAR, before)
        assert strokes.fits_sideways(page)
