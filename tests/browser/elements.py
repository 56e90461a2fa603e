"""Finds elements of a page in the browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


def find_button(page: Page, name: str) -> Locator:
    """Returns the button of the page itself, not of its sidebar, with exactly this name."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)
