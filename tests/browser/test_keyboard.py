"""Keys of all pages in a real browser."""

from __future__ import annotations

import pytest

from pages.widgets import assets, keyboard

from .elements import wait_until_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUTTONS = """
<main tabindex="0" data-testid="stMain"><a href="#">A link</a><input type="range">
<div class="st-key-start"><button onclick="document.title += 'start '">Start</button></div>
<div class="st-key-item_Newer"><button onclick="document.title += 'Newer '">Newer</button></div>
<div class="st-key-item_Older"><button onclick="document.title += 'Older '">Older</button></div>
<div class="st-key-list_keys"><button onclick="document.title += 'list '">Keys</button></div></main>
"""


def find_list(page):
    return page.get_by_role("dialog").get_by_text("What it does")


def test_question_mark_lists_the_keys_except_in_a_field(tab, expect):
    page = tab("/gallery")
    page.get_by_role("textbox", name="Search").wait_for()
    # The page listens, which may be after its widgets are drawn.
    page.wait_for_function("window['studio keyboard.js']")
    wait_until_at_rest(page)
    page.keyboard.press("?")
    expect(find_list(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(find_list(page)).to_be_hidden()
    page.get_by_role("textbox", name="Search").press("?")
    expect(page.get_by_role("textbox", name="Search")).to_have_value("?")
    expect(find_list(page)).to_be_hidden()


@pytest.fixture
def bare_page(browser):
    """Opens a page that has only the script and the buttons that it presses."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content(BUTTONS)
    script = assets.read(keyboard.__file__, "keyboard.js").replace("export default ", "", 1)
    page.evaluate(f"buttons => ({script})({{ buttons }})", keyboard.list_buttons())
    yield page
    context.close()


def read_presses(page) -> str:
    return page.evaluate("document.title")


def test_keys_press_their_buttons_unless_a_control_has_the_focus(bare_page):
    for key in ("Enter", "ArrowRight", "ArrowLeft", "?"):
        bare_page.keyboard.press(key)
    assert read_presses(bare_page) == "startOlderNewerlist"
    bare_page.get_by_role("slider").focus()
    for key in ("Enter", "ArrowRight", "Control+ArrowLeft", "?"):
        bare_page.keyboard.press(key)
    assert read_presses(bare_page) == "startOlderNewerlist", "a field takes every key"
    bare_page.get_by_role("link").focus()
    for key in ("Enter", "?", "ArrowLeft"):
        bare_page.keyboard.press(key)
    assert read_presses(bare_page) == "startOlderNewerlistlistNewer", "a link uses Enter, but no arrow"


def test_keys_rest_while_a_dialog_is_open_and_for_disabled_buttons(bare_page):
    bare_page.evaluate("document.querySelector('.st-key-start button').disabled = true")
    bare_page.keyboard.press("Enter")
    bare_page.evaluate("document.body.append(Object.assign(document.createElement('div'), {role: 'dialog'}))")
    bare_page.keyboard.press("ArrowLeft")
    assert read_presses(bare_page) == ""


def test_control_enter_starts_from_a_button_that_keeps_the_key_to_itself(bare_page):
    tile = '<button role="radio" onkeydown="event.stopPropagation()">Tile</button>'
    bare_page.evaluate("tile => document.body.insertAdjacentHTML('beforeend', tile)", tile)
    bare_page.get_by_role("radio").focus()
    bare_page.keyboard.press("Control+Enter")
    bare_page.keyboard.press("ArrowRight")
    assert read_presses(bare_page) == "start", "the arrows belong to the tiles"
