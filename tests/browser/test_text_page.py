"""The Text page in a real browser: the text grows while it is sampled."""

from __future__ import annotations

import re
import time

import pytest

PATIENCE = 240  # seconds
pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = 100_000  # characters; takes seconds even for a tiny language model


def button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def sheet(page):
    return page.get_by_role("region", name="The text")


def written_text(page):
    return sheet(page).locator("div").inner_text()


def grow(page, least):
    """Waits for more than `least` characters, and returns their number."""
    end = time.monotonic() + PATIENCE
    while (count := len(written_text(page))) <= least:
        assert time.monotonic() < end, f"it stayed at {count} characters"
        page.wait_for_timeout(50)
    return count


def test_a_text_is_seen_as_it_grows_and_a_stop_keeps_it(tab, language_model):
    typed = "the <b>cat</b> "
    page = tab(f"/text?preset={language_model.capitalize()}&chars={LONG}&prompt=the+%3Cb%3Ecat%3C%2Fb%3E+")
    button(page, "Write").click()
    button(page, "Stop").wait_for()
    first = grow(page, len(typed))
    second = grow(page, first)
    assert written_text(page).startswith(typed), "what was typed is text, not markup"
    button(page, "Stop").click()
    page.get_by_text("stopped early").wait_for()
    count = grow(page, second - 1)  # the final text is a new element
    assert count < LONG
    assert sheet(page).locator("b").count() == 0


def test_nll_is_told_by_more_than_color(tab, language_model, expect):
    page = tab(f"/text?preset={language_model.capitalize()}&chars=500")
    button(page, "Write").click()
    button(page, "Make again").wait_for()
    assert sheet(page).locator("i").count() == 0
    page.get_by_text("Negative log-likelihood", exact=True).click()
    sheet(page).locator("i.s4").first.wait_for()
    letters = sheet(page).locator("i")
    expect(letters).to_have_count(500)
    assert re.match(r"\d+\.\d\d nats: a chance of about 1 in", letters.first.get_attribute("title"))
    lines = sheet(page).locator("i.s4").first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert lines == "underline"
    page.get_by_text("surprising: 5 and more").wait_for()


def test_a_reload_shows_the_same_text(tab, language_model):
    page = tab(f"/text?preset={language_model.capitalize()}&chars=100&seed=7")
    button(page, "Write").click()
    button(page, "Make again").wait_for()
    grow(page, 99)
    first = written_text(page)
    page.reload()
    button(page, "Make again").wait_for()
    grow(page, 99)
    assert written_text(page) == first
