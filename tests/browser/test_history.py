"""Back, Forward, reload and shared links restore the form and the result in a real browser."""

from __future__ import annotations

import re

import pytest
from waiting import wait_until

from pages.guide import documents
from pages.jobs import navigation
from pages.tune.by_preference import session
from pages.widgets import browser_history

from .elements import find_button

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETTINGS = "content=Coffee&mode=Draft&size=64&steps=2"


def find_form(page):
    """Returns the values in the form of the Style page."""
    main = page.get_by_test_id("stMain")
    return main.get_by_role("radio", name="Coffee"), main.get_by_role("slider", name="Strength")


def expect_form(page, expect, strength):
    coffee, slider = find_form(page)
    expect(coffee).to_be_checked()
    expect(slider).to_have_value(re.compile(rf"{strength}(\.0+)?$"))


def test_back_and_forward_restore_each_page(tab, expect):
    page = tab(f"/style?{SETTINGS}")
    find_form(page)[1].press("Home")
    page.wait_for_url(re.compile(r"strength=0\b"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Dream").click()
    expect(page.get_by_role("heading", name="Dream", exact=True)).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("radio", name="Chelsea").click()
    # Streamlit sends a click after it wrote the address: Back in between shows one page under the other's.
    page.get_by_test_id("stMain").get_by_text("Chelsea the cat").wait_for()
    for _ in range(2):
        page.go_back()
        page.wait_for_url(re.compile(r"/style\?"))
        expect_form(page, expect, 0)
        expect(page).to_have_url(re.compile("content=Coffee"))
        page.go_forward()
        page.wait_for_url(re.compile("/dream"))
        expect(page.get_by_test_id("stMain").get_by_role("radio", name="Chelsea")).to_be_checked()


def test_back_restores_the_result_and_its_form(tab, expect):
    page = tab(f"/style?{SETTINGS}&strength=0")
    find_button(page, "Start").click()
    find_button(page, "Make again").wait_for()
    page.wait_for_url("**job=*")
    of_result = page.url
    find_form(page)[1].press("End")
    page.wait_for_url(re.compile(r"strength=1\b"))
    expect(page).not_to_have_url(re.compile("job="))

    page.go_back()
    expect_form(page, expect, 0)
    find_button(page, "Make again").wait_for()
    page.reload()
    expect_form(page, expect, 0)
    find_button(page, "Make again").wait_for()
    shared = tab("".join(of_result.partition("/style")[1:]))
    expect_form(shared, expect, 0)
    find_button(shared, "Make again").wait_for()

    page.go_back()  # to the form as it was before Start
    find_button(page, "Make again").wait_for(state="detached")
    expect_form(page, expect, 0)


COUNT_PAINTED = """e => {
  const levels = e.getContext("2d").getImageData(0, 0, e.width, e.height).data;
  return levels.filter((level, n) => n % 4 === 3 && level > 128).length;
}"""


def test_drawing_survives_a_reload_and_back(tab, expect):
    page = tab("/sketch")
    canvas = page.locator("canvas").first
    canvas.wait_for()
    expect(page).to_have_url(re.compile("outline_lines="))
    sample = page.url
    page.get_by_role("button", name="Clear", exact=True).click()
    wait_until(lambda: canvas.evaluate(COUNT_PAINTED) == 0)
    # The canvas is empty at once, the address only after the server stored the empty drawing.
    expect(page).not_to_have_url(sample)
    empty = page.url
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=6)
    page.mouse.up()
    expect(page).not_to_have_url(empty)
    pixel_count = canvas.evaluate(COUNT_PAINTED)
    assert pixel_count > 0

    def shows_it():
        # Locate it again each time, because a rerun can replace the element.
        wait_until(lambda: page.locator("canvas").first.evaluate(COUNT_PAINTED) == pixel_count)

    page.reload()
    shows_it()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    page.go_back()
    shows_it()


def test_history_steps_are_the_parameters_that_pages_use():
    names = {
        navigation.JOB_PARAMETER,
        navigation.ITEM_PARAMETER,
        navigation.OTHER_PARAMETER,
        documents.PARAMETER,
        session.PARAMETER,
    }
    assert set(browser_history.STEP_PARAMETERS) == names
