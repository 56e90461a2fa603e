"""Keys of all pages in a real browser."""

from __future__ import annotations

import re

import pytest

from .elements import find_button

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_DREAM = "/dream?size=128&steps=2&octaves=2"
READY = "runs DeepDream on this image"


def find_list(page):
    return page.get_by_role("dialog").get_by_text("What it does")


def wait_for_result(page):
    page.get_by_role("slider", name="Compare Content on the left with Result on the right").wait_for()


def test_question_mark_lists_the_keys_except_in_a_field(tab, expect):
    page = tab("/gallery")
    page.get_by_role("textbox", name="Search").wait_for()
    page.keyboard.press("?")
    expect(find_list(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(find_list(page)).to_be_hidden()
    page.get_by_role("textbox", name="Search").press("?")
    expect(page.get_by_role("textbox", name="Search")).to_have_value("?")
    expect(find_list(page)).to_be_hidden()


def test_enter_starts_and_arrows_show_the_neighbors_in_the_gallery(tab, expect):
    page = tab(QUICK_DREAM)
    page.get_by_text(READY).wait_for()
    expect(find_button(page, "Start")).to_be_enabled()
    page.get_by_role("heading", name="Dream").click()
    page.keyboard.press("Enter")
    wait_for_result(page)
    first = page.url
    page.get_by_role("slider", name="Steps").first.focus()
    page.keyboard.press("Enter")  # belongs to the control that has the focus
    page.keyboard.press("Control+Enter")
    page.wait_for_function("url => location.href !== url", arg=first)
    wait_for_result(page)
    job = re.search(r"job=(\w+)", page.url)[1]
    page = tab(f"/gallery?item={job}")
    expect(find_button(page, "Older")).to_be_enabled()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("id => !location.search.includes(id)", arg=job)
    expect(find_button(page, "Newer")).to_be_enabled()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(f"item={job}"))
