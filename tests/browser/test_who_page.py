"""Authorship in a real browser: each character has the color of the model that gave it more probability."""

from __future__ import annotations

import time

import pytest

from . import strokes

PATIENCE = 240  # seconds
pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHO = "/text?do=Who+wrote+this%3F&first=Shakespeare&second=Alice"
PASTED = "Alice was beginning to get very tired of sitting by her sister on the bank. "
LETTERS = "section[aria-label='The text'] i"
BACKGROUND = "letter => getComputedStyle(letter).backgroundColor"


def shades(page, *before: list[str]) -> list[str]:
    """Returns the shade of each character, e.g. "a2", once they have changed."""
    letters = page.locator(LETTERS)
    letters.first.wait_for()
    end = time.monotonic() + PATIENCE
    while (now := letters.evaluate_all("found => found.map(letter => letter.className)")) in ([], *before):
        assert time.monotonic() < end, "the letters kept their shades"
        page.wait_for_timeout(100)
    return now


def choose(page, label: str, language_model: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=language_model, exact=True).click()


def test_another_language_model_colors_the_characters_again(tab, language_model):
    page = tab(WHO)
    before = shades(page)
    assert {"a2", "b2"} <= set(before), "both language models are ahead somewhere"
    first, second = (page.locator(f"{LETTERS}.{side}2").first.evaluate(BACKGROUND) for side in "ab")
    assert first != second
    choose(page, "Second language model", language_model)
    after = shades(page, before)
    assert len(after) == len(before)
    assert f"{language_model}: 1 in " in page.locator(LETTERS).nth(1).get_attribute("title")
    page.get_by_text(f"{language_model}: ten times as likely, or more").wait_for()


def test_language_models_that_change_places_change_colors(tab):
    page = tab(WHO)
    before = shades(page)
    choose(page, "First language model", "Alice")
    page.get_by_text("Choose two different language models.").wait_for()
    choose(page, "Second language model", "Shakespeare")
    after = shades(page, before)
    other = {"a1": "b1", "a2": "b2", "b1": "a1", "b2": "a2"}
    changes = [(was, now) for was, now in zip(before, after, strict=True) if {was, now} & other.keys()]
    assert len(changes) > 50 and all(now == other[was] for was, now in changes)


def test_ones_own_text_is_colored_on_a_phone(browser, server):
    with strokes.phone(browser, server + WHO) as page:
        before = shades(page)
        page.get_by_role("radio", name="Pasted").click()
        typed = page.get_by_role("textbox", name="Your text")
        typed.fill(PASTED)
        typed.blur()
        after = shades(page, before)
        assert len(after) == len(PASTED)
        assert strokes.fits_sideways(page)
