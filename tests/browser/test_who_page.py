"""Who wrote this? in a real browser: each character has the colour of the voice that expected it more."""

from __future__ import annotations

import json

import pytest
import tiny_voice

from . import strokes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WHO = "/text?do=Who+wrote+this%3F&first=Shakespeare&second=Alice"
PASTED = "Alice was beginning to get very tired of sitting by her sister on the bank. "
LETTERS = "section[aria-label='The text'] i"
SHADES = f"[...document.querySelectorAll({json.dumps(LETTERS)})].map(letter => letter.className)"
BACKGROUND = "letter => getComputedStyle(letter).backgroundColor"


@pytest.fixture
def third(server_home):
    """The name of a voice of random weights, beside the two that ship."""
    folder = server_home / "presets" / "tiny"
    if not folder.exists():
        tiny_voice.make(folder)
    return folder.name.capitalize()


def shades(page, *before: list[str]) -> list[str]:
    """The shade of each letter, e.g. "a2", once they are others than before."""
    page.wait_for_function(
        f"before => {{ const now = {SHADES}; "
        "return now.length && before.every(one => JSON.stringify(one) !== JSON.stringify(now)) }",
        arg=list(before),
    )
    return page.evaluate(SHADES)


def choose(page, label: str, voice: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=voice, exact=True).click()


def test_another_voice_colours_the_characters_anew(tab, third):
    page = tab(WHO)
    before = shades(page)
    assert {"a2", "b2"} <= set(before), "both voices are ahead somewhere"
    first, second = (page.locator(f"{LETTERS}.{side}2").first.evaluate(BACKGROUND) for side in "ab")
    assert first != second
    choose(page, "Second voice", third)
    after = shades(page, before)
    assert len(after) == len(before)
    assert f"{third}: 1 in " in page.locator(LETTERS).first.get_attribute("title")
    page.get_by_text(f"{third}: ten times as likely, or more").wait_for()


def test_voices_that_change_places_change_colours(tab):
    page = tab(WHO)
    before = shades(page)
    choose(page, "First voice", "Alice")
    page.get_by_text("It takes two different voices.").wait_for()
    choose(page, "Second voice", "Shakespeare")
    swapped = [shade.translate(str.maketrans("ab", "ba")) if shade[-1] in "12" else shade for shade in before]
    assert shades(page, before) == swapped


def test_ones_own_text_is_coloured_on_a_phone(browser, server):
    with strokes.phone(browser, server + WHO) as page:
        before = shades(page)
        page.get_by_role("radio", name="Pasted").click()
        typed = page.get_by_role("textbox", name="Your text")
        typed.fill(PASTED)
        typed.blur()
        after = shades(page, before)
        assert len(after) == len(PASTED)
        assert strokes.fits_sideways(page)
