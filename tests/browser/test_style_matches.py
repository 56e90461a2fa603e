"""The component that shows which patch of the painting each patch of the photo matches; without a server."""

from __future__ import annotations

import numpy as np
import pytest

from pages.style import matches
from pages.widgets import assets
from studio.style.nnst.matching import encode_matches

pytestmark = pytest.mark.browser

_MOUNT = """
async ([script, data]) => {
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  module.default({ data, parentElement: document.getElementById("place") });
}
"""
_IMAGE = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='200' height='100'/>"


@pytest.fixture(params=[390, 1000])
def component(browser, request):
    """Renders two paintings, the first with mirrored matches, in a narrow and a wide window."""
    page = browser.new_page(viewport={"width": request.param, "height": 600}, has_touch=True)
    html, css, js = (assets.read(matches.__file__, f"matches.{end}") for end in ("html", "css", "js"))
    rows, columns = np.meshgrid((np.arange(10) + 0.5) / 10, (np.arange(20) + 0.5) / 20, indexing="ij")
    mirrored = np.stack([rows, 1 - columns], axis=-1)
    page.set_content(f"<style>{css}</style><div id='place'>{html}</div>")
    data = encode_matches([mirrored, np.zeros_like(mirrored)]) | {"photo": _IMAGE, "paintings": [_IMAGE] * 2}
    page.evaluate(_MOUNT, [js, data])
    yield page
    page.close()


def list_places(page):
    """Returns the left edge of each marker in percent, for the photo and each painting."""
    return page.locator(".mark").evaluate_all("all => all.map(one => parseFloat(one.style.left))")


def test_pointing_at_the_photo_marks_the_match_in_each_painting(component):
    box = component.locator(".stage img").bounding_box()
    for act in (component.mouse.move, component.touchscreen.tap):
        for share in (0.13, 0.83):  # the center of a patch, because pixels are rounded
            act(box["x"] + share * box["width"], box["y"] + 0.3 * box["height"])
            photo, first, second = list_places(component)
            assert photo == pytest.approx(100 * share, abs=2)
            assert first == pytest.approx(100 - 100 * share, abs=4)
            assert second == 0
    assert "Painting 1: 18% from the left" in component.locator("figcaption").text_content()


def test_arrow_keys_move_the_point_within_the_photo(component):
    component.locator(".stage").focus()
    before = list_places(component)
    component.keyboard.press("ArrowRight")
    after = list_places(component)
    assert after[0] > before[0] and after[1] < before[1]
    for _ in range(30):
        component.keyboard.press("ArrowRight")
    assert list_places(component)[0] == 100
