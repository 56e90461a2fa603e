"""What axe-core finds on pages, with their hoods open: nothing serious, wide and narrow, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = ("/text?hood=true", "/text?hood=true&do=Who+wrote+this%3F")
LOOKS = ((1440, "dark"), (390, "light"))
# Streamlit puts the groups of its navigation into a list as they are: <ul><div><li>.
THEIRS = "[data-testid=stSidebarNavItems]"
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def axe():
    """The script of axe-core, as a package for tests brings it."""
    package = pytest.importorskip("axe_playwright_python", reason="no axe-core; pip install '.[dev]'")
    return (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("width, scheme", LOOKS)
def test_nothing_serious_is_found(browser, server, axe, width, scheme, address):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(server + address)
        section = page.get_by_test_id("stExpander").filter(has_text="Under the hood").last
        section.get_by_test_id("stVegaLiteChart").first.wait_for()
        page.evaluate(axe)
        found = page.evaluate(
            "theirs => axe.run({ exclude: [[theirs]] }, { resultTypes: ['violations'] })", THEIRS
        )
    finally:
        context.close()
    told = [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
    assert not told
