"""Authorship in a real browser: each character has the color of the model that gave it more probability."""

from __future__ import annotations

import pytest
from waiting import wait_until

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COMPARISON = "/text?do=Who+wrote+this%3F&first=Shakespeare&second=Alice"
OWN_TEXT = "Alice was beginning to get very tired of sitting by her sister on the bank. "
CHARACTERS = "section[aria-label='The text'] i"
BACKGROUND = "letter => getComputedStyle(letter).backgroundColor"


def wait_for_shades(page, *before: list[str]) -> list[str]:
    """Returns the shade of each character, e.g. "a2", once they have changed."""
    letters = page.locator(CHARACTERS)
    letters.first.wait_for()

    def read_new_shades():
        shades = letters.evaluate_all("letters => letters.map(letter => letter.className)")
        return [] if shades in before else shades

    return wait_until(read_new_shades)


def choose_model(page, label: str, language_model: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=language_model, exact=True).click()


def test_other_language_models_change_the_colors(tab, language_model):
    page = tab(COMPARISON)
    before = wait_for_shades(page)
    assert {"a2", "b2"} <= set(before), "both language models are ahead somewhere"
    first, second = (page.locator(f"{CHARACTERS}.{side}2").first.evaluate(BACKGROUND) for side in "ab")
    assert first != second

    choose_model(page, "First language model", "Alice")
    page.get_by_text("Choose two different language models.").wait_for()
    choose_model(page, "Second language model", "Shakespeare")
    after = wait_for_shades(page, before)
    other = {"a1": "b1", "a2": "b2", "b1": "a1", "b2": "a2"}
    changes = [
        (was, current_shades)
        for was, current_shades in zip(before, after, strict=True)
        if {was, current_shades} & other.keys()
    ]
    assert len(changes) > 50 and all(current_shades == other[was] for was, current_shades in changes)

    choose_model(page, "Second language model", language_model)
    assert len(wait_for_shades(page, before, after)) == len(before)
    assert f"{language_model}: 1 in " in page.locator(CHARACTERS).nth(1).get_attribute("title")
    page.get_by_text(f"{language_model}: ten times as likely, or more").wait_for()


def test_own_text_is_colored_on_a_phone(phone_tab):
    page = phone_tab(COMPARISON)
    before = wait_for_shades(page)
    page.get_by_role("radio", name="Pasted").click()
    own_text = page.get_by_role("textbox", name="Your text")
    own_text.fill(OWN_TEXT)
    own_text.blur()
    after = wait_for_shades(page, before)
    assert len(after) == len(OWN_TEXT)
    assert strokes.has_no_overflow(page)
