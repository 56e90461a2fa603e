"""Mouse and touch strokes on a canvas in a real browser."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.waiting import wait_until

# Relative to the width and height of the canvas.
BENT_LINE = ((0.3, 0.3), (0.7, 0.3), (0.6, 0.5), (0.45, 0.8))

# The address of an image says nothing about its content: a component makes a new one at each rerun.
_READ_IMAGE = """async image => {
  try {
    return [...new Uint8Array(await (await fetch(image.src)).arrayBuffer())].join();
  } catch { return ""; }
}"""
Line = Sequence[tuple[float, float]]


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
    _touch(page, _find_points(page, line))


def swipe(page, box, across: float, along: float) -> None:
    """Moves a finger by `across` and `along` px, from 40% of the width and half the height of a box."""
    x, y = box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2
    _touch(page, [(x + across * step / 10, y + along * step / 10) for step in range(11)])


def _touch(page, points: Line) -> None:
    touch = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _find_points(page, line: Line) -> list[tuple[float, float]]:
    canvas = page.locator("canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]


def read_image(page, image: str) -> str:
    """Returns the content of the image at a CSS selector; "" while it is being replaced."""
    return page.locator(image).first.evaluate(_READ_IMAGE)


def wait_for_change(page, image: str, before: str) -> str:
    """Waits until an image has changed and is loaded; returns its content."""
    contents: list[str] = []

    def has_changed() -> bool:
        contents.append(read_image(page, image))
        return contents[-1] not in ("", before)

    wait_until(has_changed)
    return contents[-1]


def has_no_overflow(page) -> bool:
    """Returns whether no element is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
