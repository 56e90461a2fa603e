"""Cropping and rotating an input in a real browser, by mouse and by keyboard."""

from __future__ import annotations

import pytest

from tests.fakes.waiting import wait_until

from .elements import open_popover, wait_until_at_rest
from .strokes import has_no_overflow, swipe

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# At the end of the scroll: just below the header, or lower where the page ends.
IS_IN_VIEW = """stage => {
  const main = document.querySelector("[data-testid=stMain]"), top = stage.getBoundingClientRect().top;
  return Math.abs(top - 64) < 2 || top > 64 && main.scrollTop + main.clientHeight > main.scrollHeight - 2;
}"""


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


def test_result_and_editor_are_shown_whole_and_used_on_a_phone(phone_tab, expect):
    page = phone_tab("/dream")
    find_selected(page, "Chelsea").wait_for()
    wait_until_at_rest(page)
    link = page.get_by_role("link", name="See the result")
    link.tap()
    wait_until(lambda: page.locator(".st-key-stage").evaluate(IS_IN_VIEW))
    expect(link).to_be_hidden()
    assert "#" not in page.url, "Back would only remove it"

    editor = open_popover(page, "Crop and rotate")
    editor.get_by_text("451 x 300 px").wait_for()
    assert has_no_overflow(page)
    box = editor.bounding_box()
    assert box["y"] > 0 and box["y"] + box["height"] <= 844, "image and sliders are in view together"
    assert editor.evaluate("e => e.scrollHeight <= e.clientHeight")
    left = editor.get_by_role("slider", name="From left to right").first
    track = editor.locator('[data-testid="stSlider"] [role=group] > *').first.bounding_box()
    swipe(page, track, 2, -120)
    assert left.input_value() == "0", "a finger that scrolls changes no value"
    swipe(page, track, -30, 0)
    assert 20 < float(left.input_value()) < 40
    expect(editor.get_by_text("451 x 300 px")).to_be_hidden()
    size = editor.get_by_text("x 300 px").inner_text()
    left.press("PageUp")
    expect(editor.get_by_text(size)).to_be_hidden()
    wait_until_at_rest(page)
    editor.get_by_role("button", name="Rotate right").press("Enter")
    expect(find_selected(page, "Chelsea edited")).to_be_visible()
    editor.get_by_text("300 x 451 px").wait_for()
