"""The focus of popovers that keys open, in a real browser."""

from __future__ import annotations

import pytest

from pages.widgets import assets

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A popover as Streamlit draws it: its contents are the last element of the page, and removed when it closes.
PAGE = """
<div data-testid="stPopover"><button id="crop">Crop and rotate</button></div><button>Start</button>
<script>
  crop.onclick = () => {
    const body = document.createElement("div");
    body.dataset.testid = "stPopoverBody";
    body.innerHTML = "<button>Rotate left</button>";
    body.onkeydown = (event) => event.key === "Escape" && body.remove();
    setTimeout(() => document.body.append(body));
  };
</script>
"""


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_content(PAGE)
    script = assets.read(assets.__file__, "popover_focus.js").replace("export default ", "", 1)
    page.evaluate(f"() => ({script})()")
    yield page
    context.close()


def test_key_opens_a_popover_with_the_focus_and_esc_returns_it(page, expect):
    opener, rotate = page.locator("#crop"), page.get_by_role("button", name="Rotate left")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=stPopoverBody]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(rotate).to_have_count(0)
    expect(opener).to_be_focused()


def test_mouse_leaves_the_focus_on_the_button(page, expect):
    page.locator("#crop").click()
    page.get_by_role("button", name="Rotate left").wait_for()
    expect(page.locator("#crop")).to_be_focused()
