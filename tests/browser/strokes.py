"""Mouse and touch strokes on a canvas in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager

PATIENCE = 240_000  # ms
BENT = ((0.3, 0.3), (0.7, 0.3), (0.6, 0.5), (0.45, 0.8))  # relative to the width and height of the canvas

Way = Sequence[tuple[float, float]]


@contextmanager
def phone(browser, address: str):
    """Opens a page on a phone with a screen of 390 px and touch input."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.goto(address)
        yield page
    finally:
        context.close()


def by_mouse(page, way: Way = BENT) -> None:
    """Draws a line through the points with the mouse button pressed."""
    first, *others = _places(page, way)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def by_finger(page, way: Way = BENT) -> None:
    """Draws a line through the points with a finger."""
    touch = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(_places(page, way)):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _places(page, way: Way) -> list[tuple[float, float]]:
    canvas = page.locator("canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]


def source(page, image: str) -> str:
    """Returns the address of the image at a CSS selector."""
    return page.locator(image).first.get_attribute("src")


def changed(page, image: str, before: str) -> str:
    """Waits until an image has changed and is loaded; returns its address."""
    page.wait_for_function(
        "([image, before]) => { const shown = document.querySelector(image); "
        "return shown && shown.getAttribute('src') !== before && shown.complete && shown.naturalWidth }",
        arg=[image, before],
    )
    return source(page, image)


def fits_sideways(page) -> bool:
    """Returns whether no element is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
