"""Finds elements of a page in the browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_IS_AT_REST = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def open_popover(page: Page, name: str) -> Locator:
    """Opens a popover and returns its content.

    Waits until the page is at rest, because a run that began before the click would close the popover.
    """
    page.wait_for_function(_IS_AT_REST)
    page.get_by_role("button", name=name).first.click()
    return page.get_by_test_id("stPopoverBody")


def find_button(page: Page, name: str) -> Locator:
    """Returns the button of the page itself, not of its sidebar, with exactly this name."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)
