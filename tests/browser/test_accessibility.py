"""axe-core finds no serious issue on any page, wide or narrow, light or dark, with "Under the hood" open."""

from __future__ import annotations

import pytest
from waiting import TIMEOUT_SECONDS

from pages.jobs.navigation import PAGES

from .elements import find_serious_violations, open_popover, wait_until_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# One after the other for the pages.
WIDTHS_AND_SCHEMES = ((1440, "dark"), (390, "light"), (390, "dark"), (1440, "light"))
PAGES_WITHOUT_HOOD = {"train-generator", "questions", "gallery", "health", "guide"}
ADDRESSES = [
    *(place.address for place in PAGES),
    "text?do=Who+wrote+this%3F",
    "colorize?color_hints_on=true",
]
TRIES = 3  # a page can rerun while it is checked: real issues stay


@pytest.fixture(scope="module")
def open_page(desktop, server):
    """Opens an address at a width and in a color scheme, always in the same tab.

    A process that has compiled the scripts of the studio shows a page in half the time.
    """
    page = desktop.new_page()
    page.set_default_timeout(TIMEOUT_SECONDS * 1000)

    def open_page(address, width, scheme):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{server}/{address}")
        return page

    yield open_page
    page.close()


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address or "studio")
def test_page_has_no_serious_accessibility_violations(open_page, axe, address):
    width_and_scheme = WIDTHS_AND_SCHEMES[ADDRESSES.index(address) % len(WIDTHS_AND_SCHEMES)]
    page = open_page(address, *width_and_scheme)
    page.get_by_test_id("stMain").get_by_role("heading").first.wait_for()
    if address not in PAGES_WITHOUT_HOOD:
        hood = page.get_by_test_id("stExpander").filter(has_text="Under the hood").last
        hood.locator("summary").click()
        hood.locator("p, img, .katex-display").first.wait_for()
    page.get_by_text("The studio is warming up").wait_for(state="hidden")
    page.evaluate(axe)
    for _ in range(TRIES):
        wait_until_at_rest(page)
        if not (problems := find_serious_violations(page)):
            break
    assert not problems


def test_the_popover_that_crops_has_no_serious_accessibility_violations(open_page, axe):
    page = open_page("dream", 390, "light")
    open_popover(page, "Crop and rotate").get_by_text("451 x 300 px").wait_for()
    page.evaluate(axe)
    assert not find_serious_violations(page)
