"""Finds elements of a page in the browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_SERIOUS = ("serious", "critical")
# Streamlit nests the groups of its navigation as <ul><div><li>.
_STREAMLIT_ELEMENTS = "[data-testid=stSidebarNavItems]"
# Nothing is stale, fades or moves; a spinner turns for ever.
_IS_DRAWN = """() => !document.querySelector("[data-stale=true]") && document.getAnimations().every(
  one => one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity)"""
_IS_AT_REST = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def wait_until_at_rest(page: Page) -> None:
    """Waits until no run of the page's script is going on, and all that the last one changed is drawn."""
    page.wait_for_function(_IS_AT_REST)
    page.wait_for_function(_IS_DRAWN)


def open_popover(page: Page, name: str) -> Locator:
    """Opens a popover and returns its content.

    Waits until the page is at rest, because a run that began before the click would close the popover.
    """
    wait_until_at_rest(page)
    page.get_by_role("button", name=name).first.click()
    return page.get_by_test_id("stPopoverBody")


def find_button(page: Page, name: str) -> Locator:
    """Returns the button of the page itself, not of its sidebar, with exactly this name."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def find_serious_violations(page: Page) -> list[tuple[str, list[str]]]:
    """Returns the current serious issues of a page that axe-core was loaded into: names, and elements."""
    page.wait_for_function(_IS_DRAWN)
    result = page.evaluate(
        "theirs => axe.run({ exclude: [[theirs]] }, { resultTypes: ['violations'] })", _STREAMLIT_ELEMENTS
    )
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in result["violations"]
        if violation["impact"] in _SERIOUS
    ]
