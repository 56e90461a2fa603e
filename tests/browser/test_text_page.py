"""The Text page in a real browser: the text grows while it is sampled."""

from __future__ import annotations

import re

import pytest
import tiny_language_model
from waiting import wait_until

from .elements import find_button

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANY_CHARACTERS = 100_000  # characters; takes seconds even for a tiny language model


def find_sheet(page):
    return page.get_by_role("region", name="The text")


def read_text(page):
    return find_sheet(page).locator("div").inner_text()


def wait_for_characters(page, least):
    """Waits for more than `least` characters, and returns their number."""

    def count_more() -> int:
        count = len(read_text(page))
        return count if count > least else 0

    return wait_until(count_more)


def is_at_end(page):
    """Returns whether the box is scrolled to the newest text."""
    return find_sheet(page).evaluate(
        "e => e.scrollHeight > e.clientHeight && e.scrollHeight - e.scrollTop - e.clientHeight < 10"
    )


def test_text_grows_and_stop_keeps_it(tab, language_model):
    prompt = "the <b>cat</b> "
    page = tab(
        f"/text?preset={language_model.capitalize()}&chars={MANY_CHARACTERS}&prompt=the+%3Cb%3Ecat%3C%2Fb%3E+",
        390,
        844,
    )
    find_button(page, "Write").click()
    find_button(page, "Stop").wait_for()
    first = wait_for_characters(page, len(prompt))
    second = wait_for_characters(page, first)
    assert read_text(page).startswith(prompt), "what was typed is text, not markup"
    wait_until(lambda: is_at_end(page))
    find_sheet(page).evaluate("e => { e.scrollTop = 0; }")
    second = wait_for_characters(page, second)
    assert find_sheet(page).evaluate("e => e.scrollTop") == 0, "the user has scrolled up"
    find_button(page, "Stop").click()
    page.get_by_text("stopped early").wait_for()
    count = wait_for_characters(page, second - 1)  # the final text is a new element
    assert count < MANY_CHARACTERS
    assert find_sheet(page).locator("b").count() == 0


def test_phone_scrolls_to_the_text(tab, language_model):
    page = tab(f"/text?preset={language_model.capitalize()}&chars=2000", 390, 844)
    find_button(page, "Write").click()
    page.get_by_role("button", name="Copy to the clipboard").wait_for()
    wait_until(lambda: find_sheet(page).bounding_box()["y"] < 400 and is_at_end(page))
    find_sheet(page).evaluate("e => { e.scrollTop = 0; }")
    find_button(page, "Write on").click()
    page.get_by_text(re.compile(r"Continues the 2,\d{3} characters")).wait_for()
    find_button(page, "Write on").wait_for()
    wait_until(lambda: is_at_end(page))


def test_text_is_copied_the_same_after_a_reload_and_marked_by_more_than_color(tab, language_model, expect):
    # At this temperature, any 500 characters contain unlikely ones.
    page = tab(f"/text?preset={language_model.capitalize()}&chars=500&temperature=1.8&seed=7")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    find_button(page, "Write").click()
    find_button(page, "Make again").wait_for()
    wait_for_characters(page, 499)
    text = read_text(page)
    page.get_by_role("button", name="Copy to the clipboard").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == text

    page.reload()
    find_button(page, "Make again").wait_for()
    wait_for_characters(page, 499)
    assert read_text(page) == text

    assert find_sheet(page).locator("i").count() == 0
    page.get_by_text("Negative log-likelihood", exact=True).click()
    find_sheet(page).locator("i.s4").first.wait_for()
    letters = find_sheet(page).locator("i")
    expect(letters).to_have_count(500)
    assert re.match(r"\d+\.\d\d nats: a chance of about 1 in", letters.first.get_attribute("title"))
    lines = find_sheet(page).locator("i.s4").first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert lines == "underline"
    page.get_by_text("surprising: 5 and more").wait_for()


def test_attention_follows_the_pointer_and_the_keys(tab, server_home, expect):
    folder = server_home / "presets" / "attentive"
    if not folder.exists():
        tiny_language_model.make(folder, settings=tiny_language_model.TRANSFORMER)
    page = tab("/text?preset=attentive&explain=true")
    box = page.get_by_role("slider", name="Character whose attention is shown")
    box.press("End")
    last = box.locator("span").count()
    expect(box).to_have_attribute("aria-valuenow", str(last))
    box.press("ArrowLeft")
    expect(box).to_have_attribute("aria-valuenow", str(last - 1))
    expect(box).to_have_attribute("aria-valuetext", re.compile("attends to .*itself [0-9]+%|[0-9]+ back"))
    third = box.locator("span").nth(2)
    third.hover()
    expect(box).to_have_attribute("aria-valuenow", "3")
    expect(third).to_have_class("selected")
    page.get_by_text("Under the hood").first.hover()
    expect(box).to_have_attribute("aria-valuenow", str(last - 1))
