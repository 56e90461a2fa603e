"""The lab in a real browser: a stroke is answered, with a mouse and with a finger on a phone."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB = "/lab?steps=60&kind=Dense"
TOUCHES = [(0.3, 0.3), (0.7, 0.3), (0.6, 0.5), (0.45, 0.8)]


def answer(page) -> str:
    """What the first network makes of the drawing, as the browser shows it."""
    return page.locator(".lab-row img").nth(1).get_attribute("src")


def changed(page, before: str) -> None:
    page.wait_for_function(
        "before => { const shown = document.querySelectorAll('.lab-row img')[1]; "
        "return shown && shown.src !== before }",
        arg=before,
    )


def places(page):
    canvas = page.locator("canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in TOUCHES]


def test_a_stroke_of_the_mouse_is_answered_and_cleared(tab):
    page = tab(LAB)
    page.locator(".lab-row").first.wait_for()
    before = answer(page)
    first, *others = places(page)
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    changed(page, before)
    drawn = answer(page)
    page.get_by_role("button", name="Clear").click()
    changed(page, drawn)
    page.get_by_text("Nothing is drawn yet").wait_for()


def test_a_finger_draws_on_a_phone(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(240_000)
    try:
        page = context.new_page()
        page.goto(server + LAB)
        page.locator(".lab-row").first.wait_for()
        before = answer(page)
        touch = context.new_cdp_session(page)
        for number, (x, y) in enumerate(places(page)):
            kind = "touchMove" if number else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        changed(page, before)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"
        )
    finally:
        context.close()
