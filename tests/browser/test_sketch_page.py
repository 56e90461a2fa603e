"""The Sketch page in a real browser: each stroke changes the avatar, by mouse and by touch."""

from __future__ import annotations

import pytest

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AVATAR = "img[alt^='Your drawing as an avatar']"


def test_strokes_change_the_avatar_and_are_undone_and_redone(tab, expect):
    page = tab("/sketch")
    first = strokes.read_image(page, AVATAR)
    strokes.draw_by_mouse(page)
    drawing = strokes.wait_for_change(page, AVATAR, first)
    page.get_by_role("button", name="A face").click()
    face = strokes.wait_for_change(page, AVATAR, drawing)
    page.keyboard.press("Control+z")
    assert strokes.wait_for_change(page, AVATAR, face) == drawing
    page.keyboard.press("Control+z")
    assert strokes.wait_for_change(page, AVATAR, drawing) == first
    page.keyboard.press("Control+Shift+z")
    assert strokes.wait_for_change(page, AVATAR, first) == drawing
    page.get_by_role("button", name="Redo").click()
    assert strokes.wait_for_change(page, AVATAR, drawing) == face
    page.get_by_role("button", name="Undo").click()
    assert strokes.wait_for_change(page, AVATAR, face) == drawing

    page.get_by_role("button", name="View Your drawing as an avatar large").click()
    large = page.get_by_role("dialog", name="Your drawing as an avatar, large")
    large.get_by_role("slider", name="Before and after").press("End")
    expect(large.get_by_text("Drawing", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    large.wait_for(state="detached")

    page.get_by_role("button", name="Clear", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_text("Nothing is drawn yet").wait_for()
    strokes.draw_by_mouse(page)
    assert strokes.wait_for_change(page, AVATAR, drawing) not in (first, face)


def test_finger_stroke_changes_the_avatar_on_a_phone(phone_tab):
    page = phone_tab("/sketch?kind=Parts")
    before = strokes.read_image(page, AVATAR)
    strokes.draw_by_finger(page)
    strokes.wait_for_change(page, AVATAR, before)
    assert strokes.has_no_overflow(page)
