"""The layout of the confusion matrix in a real browser; it needs no server."""

from __future__ import annotations

import pytest

from pages.classify import confusion
from pages.widgets import assets

pytestmark = pytest.mark.browser

_MOUNT = """
async ([script, data]) => {
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  const parentElement = document.getElementById("place");
  module.default({ data, parentElement, setTriggerValue() {} });
}
"""


def _read(end):
    return assets.read(confusion.__file__, f"confusion.{end}")


@pytest.fixture
def measure_widths(browser):
    """Renders the table for some classes; returns the widths of all columns but the first, in px."""
    page = browser.new_page()

    def measure_widths(classes, width):
        page.set_viewport_size({"width": width, "height": 800})
        page.set_content(f"<style>{_read('css')}</style><div id='place'>{_read('html')}</div>")
        counts = [[9 if label == other else 0 for label in classes] for other in classes]
        page.evaluate(_MOUNT, [_read("js"), {"classes": classes, "counts": counts, "selected": None}])
        assert page.locator("th i").count() == 0, "names of classes are text, not markup"
        return page.locator("tbody tr:first-child td").evaluate_all("all => all.map(one => one.offsetWidth)")

    yield measure_widths
    page.close()


def test_chosen_cell_keeps_the_focus_when_the_table_is_drawn_again(browser, expect):
    page = browser.new_page()
    page.set_content(f"<div id='place'>{_read('html')}</div>")
    data = {"classes": ["cat", "dog"], "counts": [[5, 2], [0, 7]], "selected": None}
    page.evaluate(_MOUNT, [_read("js"), data])
    page.get_by_role("button", name="dog classified correctly").focus()
    page.evaluate(_MOUNT, [_read("js"), data | {"selected": [1, 1]}])
    chosen = page.get_by_role("button", name="dog classified correctly", pressed=True)
    expect(chosen).to_be_focused()
    page.close()


@pytest.mark.parametrize("width", [390, 1000])
@pytest.mark.parametrize("count", [2, 6, 24])
def test_all_columns_have_equal_widths_that_can_be_pressed(measure_widths, count, width):
    names = ["<i>o</i>", "a class of a long name", "crossing", "of", "m" * 60, "star"]
    column_widths = measure_widths([f"{names[n % 6]} {n}" for n in range(count)], width)
    assert len(column_widths) == count
    assert max(column_widths) - min(column_widths) <= 1
    assert min(column_widths) >= 32
