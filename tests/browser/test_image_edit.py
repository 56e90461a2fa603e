"""Cropping and rotating an input in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import pytest

from .elements import open_popover
from .strokes import has_no_overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def find_selected(page, title: str):
    """Returns the tile of an image, if it is selected."""
    return page.get_by_role("radio", name=title, exact=True, checked=True)


def test_a_square_of_the_photo_becomes_the_input_until_undo(tab, expect):
    page = tab("/dream")
    find_selected(page, "Chelsea").wait_for()
    editor = open_popover(page, "Crop and rotate")
    editor.get_by_role("radio", name="Square").click()
    editor.get_by_text("300 x 300 px").wait_for()
    editor.get_by_role("button", name="Crop").click()
    expect(find_selected(page, "Chelsea edited")).to_be_visible()
    page.wait_for_url("**/dream?*content.file=*")
    editor.get_by_role("button", name="Undo").click()
    expect(find_selected(page, "Chelsea")).to_be_visible()
    expect(page.get_by_role("radio", name="Chelsea edited")).to_be_hidden()


def test_the_editor_works_by_keyboard_on_a_phone(phone_tab, expect):
    page = phone_tab("/dream")
    find_selected(page, "Chelsea").wait_for()
    editor = open_popover(page, "Crop and rotate")
    editor.get_by_text("451 x 300 px").wait_for()
    assert has_no_overflow(page)
    left = editor.get_by_role("slider", name="From left to right").first
    left.press("PageUp")
    expect(editor.get_by_text("451 x 300 px")).to_be_hidden()
    editor.get_by_text("x 300 px").wait_for()
    editor.get_by_role("button", name="Rotate right").press("Enter")
    expect(find_selected(page, "Chelsea edited")).to_be_visible()
    editor.get_by_text("300 x 451 px").wait_for()
