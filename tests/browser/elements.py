"""Finds elements of a page in the browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_HAS_RUN = "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
# No element of an earlier run is left, and all parts, images and charts are loaded.
_IS_LOADED = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  return all("[data-stale=true], [data-testid=stSkeleton]").length === 0
    && all("img").every(image => image.complete || image.loading === "lazy")
    && all("[data-testid=stVegaLiteChart]").every(chart => chart.querySelector("canvas, svg"));
}"""


def wait_for_rest(page: Page) -> None:
    """Waits until the page has run and all of its elements are loaded."""
    page.wait_for_function(_HAS_RUN)
    page.wait_for_function(_IS_LOADED)


def open_popover(page: Page, name: str) -> Locator:
    """Opens a popover and returns its content.

    Waits until the page is at rest, because a run that began before the click would close the popover.
    """
    page.wait_for_function(_HAS_RUN)
    page.get_by_role("button", name=name).first.click()
    return page.get_by_test_id("stPopoverBody")


def find_button(page: Page, name: str) -> Locator:
    """Returns the button of the page itself, not of its sidebar, with exactly this name."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)
