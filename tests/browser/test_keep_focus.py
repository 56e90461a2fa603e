"""The focus of keyboard users after a run that removes or disables what had it, in a real browser."""

from __future__ import annotations

import pytest

from pages.widgets import assets

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A page as Streamlit draws it. Each button starts a run, which changes the page by the name of the button.
PAGE = """
<div data-testid="stApp" data-test-script-state="notRunning"><main data-testid="stMain"><h1>Style</h1>
  <div id="form"><input id="field"><button id="replace">Replace</button>
    <div class="st-key-row"><button id="undo">Undo</button><button id="disable">Clear</button>
      <button id="redo" disabled>Redo</button></div></div>
  <div id="panel"><div class="st-key-jobs"><a href="#">Open</a>
    <div><button id="remove">Cancel</button></div></div></div>
  <div id="alone"><button id="empty">Close</button></div></main></div>
<script>
  const app = document.querySelector("[data-testid=stApp]");
  const changes = {
    disable: () => { disable.disabled = true; },
    remove: () => { remove.parentElement.remove(); },
    replace: () => { form.innerHTML = "<div class=st-key-row><button>New</button></div>"; },
    empty: () => { history.pushState("", "", "/next"); alone.remove(); },
  };
  const run = (change) => {
    app.dataset.testScriptState = "running";
    change();
    setTimeout(() => { app.dataset.testScriptState = "notRunning"; });
  };
  for (const [id, change] of Object.entries(changes)) document.getElementById(id).onclick = () => run(change);
</script>
"""


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.goto("http://studio.test/style")
    script = assets.read(assets.__file__, "keep_focus.js").replace("export default ", "", 1)
    page.evaluate(f"() => ({script})()")
    yield page
    context.close()


def wait_for_two_frames(page) -> None:
    """Waits until a script that waits for two frames has moved the focus."""
    page.evaluate(
        """() => new Promise((resolve) => setTimeout(() => requestAnimationFrame(() =>
            requestAnimationFrame(() => requestAnimationFrame(resolve)))))"""
    )


@pytest.mark.parametrize(
    "pressed, focused",
    [("Clear", "Undo"), ("Cancel", "Open"), ("Replace", "New"), ("Close", "Style")],
)
def test_focus_moves_to_the_nearest_control_else_to_the_heading(page, expect, pressed, focused):
    page.get_by_role("button", name=pressed).press("Enter")
    expect(page.get_by_text(focused, exact=True)).to_be_focused()


def test_dialog_returns_the_focus_to_what_opened_it(page, expect):
    page.locator("#undo").focus()
    page.evaluate(
        """() => {
          const dialog = "<div role=dialog><button id=done>Done</button></div>";
          document.body.insertAdjacentHTML("beforeend", dialog);
          done.onclick = () => run(() => done.parentElement.remove());
        }"""
    )
    page.locator("#done").press("Enter")
    expect(page.locator("#undo")).to_be_focused()


def test_focus_stays_where_it_is_for_a_mouse_and_after_another_key(page):
    page.get_by_role("button", name="Cancel").click()
    wait_for_two_frames(page)
    assert page.evaluate("document.activeElement === document.body")
    page.locator("#disable").focus()
    page.evaluate("app.dataset.testScriptState = 'running'; disable.remove()")
    page.keyboard.press("ArrowDown")  # scrolls the page
    page.evaluate("app.dataset.testScriptState = 'notRunning'")
    wait_for_two_frames(page)
    assert page.evaluate("document.activeElement === document.body")
