"""The running job above other pages, where the sidebar with the job panel is closed."""

from __future__ import annotations

import pytest

from .elements import find_button, find_serious_violations
from .strokes import has_no_overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG_DREAM = "/dream?steps=100&octaves=10&size=256"


def test_a_running_job_is_seen_stopped_and_opened_on_another_page_on_a_phone(phone_tab, server, expect, axe):
    page = phone_tab(LONG_DREAM)
    line = page.locator(".st-key-job_line")
    find_button(page, "Start").click()
    find_button(page, "Cancel").wait_for()
    expect(line.get_by_role("button", name="Stop")).to_be_hidden()  # the page itself shows the job
    page.wait_for_url("**/dream?*job=*")

    page.goto(f"{server}/gallery")
    expect(line).to_contain_text("Dream")
    expect(line.get_by_role("progressbar")).to_be_visible()
    box = line.bounding_box()
    assert box["y"] + box["height"] < 844 / 4, "it is a line at the top"
    assert has_no_overflow(page)
    page.evaluate(axe)
    assert not find_serious_violations(page)

    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".st-key-job_panel")).to_be_visible()
    expect(line).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    line.get_by_role("button", name="Stop").press("Enter")
    expect(line.get_by_role("button", name="Stop")).to_be_hidden()
    expect(line.get_by_text("Dream")).to_be_hidden()
    expect(page.locator("body")).not_to_be_focused()

    title = page.get_by_role("heading", name="Gallery", exact=True)
    top = title.bounding_box()["y"]
    page.get_by_test_id("stExpandSidebarButton").click()
    opened = page.locator(".st-key-job_panel").get_by_role("link", name="Open").first
    opened.wait_for()
    assert title.bounding_box()["y"] == top, "the page does not move behind the sidebar"
    opened.click()
    page.wait_for_url("**/dream?*job=*")
    page.get_by_test_id("stExpandSidebarButton").wait_for()  # the open sidebar would hide the result
