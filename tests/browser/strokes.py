"""Mouse and touch strokes on a canvas in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager

TIMEOUT_MS = 240_000  # ms
BENT_LINE = (
    (0.3, 0.3),
    (0.7, 0.3),
    (0.6, 0.5),
    (0.45, 0.8),
)  # relative to the width and height of the canvas

Line = Sequence[tuple[float, float]]


@contextmanager
def open_on_phone(browser, address: str):
    """Opens a page on a phone with a screen of 390 px and touch input."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(TIMEOUT_MS)
    try:
        page = context.new_page()
        page.goto(address)
        yield page
    finally:
        context.close()


def draw_by_mouse(page, line: Line = BENT_LINE) -> None:
    """Draws a line through the points with the mouse button pressed."""
    first, *later_points = _find_points(page, line)
    page.mouse.move(*first)
    page.mouse.down()
    for point in later_points:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def draw_by_finger(page, line: Line = BENT_LINE) -> None:
    """Draws a line through the points with a finger."""
    touch = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(_find_points(page, line)):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _find_points(page, line: Line) -> list[tuple[float, float]]:
    canvas = page.locator("canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]


def read_source(page, image: str) -> str:
    """Returns the address of the image at a CSS selector."""
    return page.locator(image).first.get_attribute("src")


def wait_for_change(page, image: str, before: str) -> str:
    """Waits until an image has changed and is loaded; returns its address."""
    page.wait_for_function(
        "([image, before]) => { const shown = document.querySelector(image); "
        "return shown && shown.getAttribute('src') !== before && shown.complete && shown.naturalWidth }",
        arg=[image, before],
    )
    return read_source(page, image)


def has_no_overflow(page) -> bool:
    """Returns whether no element is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
