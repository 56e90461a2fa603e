"""Color hints in a color of the user's own in a real browser."""

from __future__ import annotations

import pytest

from .strokes import draw_by_mouse

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OTHER_COLOR = "#12ab34"
FIND_FOCUSED = """() => {
  let element = document.activeElement;
  while (element.shadowRoot) element = element.shadowRoot.activeElement;
  return element.type;
}"""


def test_any_color_can_be_picked_and_its_strokes_survive_a_reload(tab, expect):
    page = tab("/colorize?color_hints_on=true")
    colors = page.get_by_role("radiogroup", name="Paint with")
    colors.get_by_role("radio", name="Skin").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FIND_FOCUSED) == "color", "the picker is the next stop of the Tab key"
    page.get_by_label("Other color").fill(OTHER_COLOR)
    picked = colors.get_by_role("radio", name=OTHER_COLOR)
    expect(picked).to_be_checked()
    draw_by_mouse(page)
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    page.get_by_label("Other color").fill("#000080")
    expect(colors.get_by_role("radio", name="#000080")).to_be_checked()
    expect(picked).to_be_visible()
    page.wait_for_url("**color_hints=*")
    page.get_by_text("A few color hints are enough").wait_for()

    page.reload()
    expect(colors.get_by_role("radio", name="#000080")).to_be_visible()
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    picked.click()
    expect(picked).to_be_checked()
