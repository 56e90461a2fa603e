"""The mask brush of the Style page in a real browser."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from studio.core.imaging import image_io

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FOUR = "/style?size=128&brush=true&style=Mosaic&style=Wash&style=Halftone&style=Woodcut"
TWO = "/style?size=128&brush=true&style=Mosaic&style=Wash"


@pytest.fixture
def brush(tab):
    """Opens an address of the Style page with the recipe unfolded."""

    def brush(address: str):
        page = tab(address)
        unfold(page)
        return page

    return brush


def unfold(page):
    """Unfolds the recipe of the result; recent results have their own."""
    page.get_by_test_id("stExpander").filter(has_text="Recipe").first.locator("summary").click()


def paint(page, style, height):
    """Draws a stroke across the photo at a relative height."""
    page.get_by_role("radiogroup", name="Paint with").get_by_role("radio", name=style).click()
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    down = box["y"] + height * box["height"]
    page.mouse.move(box["x"] + 0.2 * box["width"], down)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], down, steps=5)
    page.mouse.up()


def masks(page, is_expected):
    """Returns the SHA-256 of each mask of the result, once its recipe has the expected masks."""
    for _ in range(480):
        # Read the text of the page, because a locator can become stale during a rerun.
        texts = page.evaluate(
            "() => [...document.querySelectorAll('[data-testid=stCode]')].map(x => x.innerText)"
        )
        requests = [json.loads(text).get("inputs", {}) for text in texts if text.startswith("{")]
        digests = [element["digest"] for element in requests[0].get("mask", [])] if requests else []
        if requests and is_expected(digests):
            return digests
        page.wait_for_timeout(500)
    raise AssertionError(f"no such masks: {digests}")


def test_paint_belongs_to_its_style_whichever_goes(brush):
    page = brush(FOUR)
    paint(page, "Mosaic", 0.2)
    paint(page, "Wash", 0.8)
    mosaic, wash, *_ = masks(page, lambda now: len(set(now)) == 3)
    page.get_by_role("button", name="Dots").click()  # a fifth style replaces the oldest, Mosaic
    masks(page, lambda now: len(now) == 4 and now[0] == wash and mosaic not in now)
    page.get_by_role("button", name="Halftone").click()
    masks(page, lambda now: len(now) == 3 and now[0] == wash and mosaic not in now)


def test_paint_is_there_again_after_the_brush_was_put_away(brush):
    page = brush(TWO)
    paint(page, "Wash", 0.5)
    painted = masks(page, lambda now: len(now) == 2)
    page.get_by_text("Brush", exact=True).first.click()
    masks(page, lambda now: not now)
    page.get_by_text("Brush", exact=True).first.click()
    masks(page, lambda now: now == painted)
    paint(page, "Mosaic", 0.2)  # the earlier masks are still there
    masks(page, lambda now: len(now) == 2 and now[1] == painted[1])


def test_paint_is_there_again_after_another_page(brush):
    page = brush(TWO)
    paint(page, "Wash", 0.5)
    painted = masks(page, lambda now: len(now) == 2)
    page.get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    page.get_by_role("link", name="Style").click()
    unfold(page)
    masks(page, lambda now: now == painted)
    paint(page, "Mosaic", 0.2)
    masks(page, lambda now: len(now) == 2 and now[1] == painted[1])


def test_paint_is_there_again_after_a_reload(brush):
    page = brush(TWO)
    paint(page, "Wash", 0.5)
    painted = masks(page, lambda now: len(now) == 2)
    page.wait_for_url("**paint=*")
    page.reload()
    unfold(page)
    masks(page, lambda now: now == painted)
    paint(page, "Mosaic", 0.2)
    masks(page, lambda now: len(now) == 2 and now[1] == painted[1] and now[0] != painted[0])


def test_masks_of_a_result_are_downloaded_and_come_back_to_be_changed(brush):
    page = brush(TWO)
    paint(page, "Wash", 0.5)
    painted = masks(page, lambda now: len(now) == 2)
    command = page.get_by_test_id("stCode").filter(has_text="--masks").first.inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name="mask-1-").click()
    assert saved.value.suggested_filename in command
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_url("**job=*")
    [job] = parse_qs(urlsplit(page.url).query)["job"]
    page = brush(f"/style?job={job}")  # a tab without the masks
    page.get_by_role("button", name="Change", exact=True).click()
    page.locator("canvas").first.wait_for()
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Keep", exact=True).wait_for()
    unfold(page)
    masks(page, lambda now: now == painted)
    paint(page, "Wash", 0.8)  # which was Mosaic's area before
    masks(page, lambda now: len(now) == 2 and now[1] != painted[1] and now[0] != painted[0])


def test_clear_can_be_undone_and_both_stay_where_there_is_paint(brush, expect):
    page = brush(TWO)
    clear, undo = (page.get_by_role("button", name=name, exact=True) for name in ("Clear", "Undo"))
    expect(clear).to_be_disabled()
    paint(page, "Mosaic", 0.2)
    _, rest = masks(page, lambda now: len(now) == 2)
    paint(page, "Wash", 0.8)
    painted = masks(page, lambda now: len(now) == 2 and now[1] != rest)
    page.get_by_role("button", name="Halftone").click()
    masks(page, lambda now: len(now) == 3 and now[:2] == painted)
    expect(clear).to_be_enabled()
    expect(undo).to_be_enabled()
    clear.click()
    masks(page, lambda now: not now)
    expect(clear).to_be_disabled()
    undo.click()
    masks(page, lambda now: now[:2] == painted)
    undo.click()  # the stroke from before the third style
    masks(page, lambda now: len(now) == 3 and now[0] == painted[0] and now[1] == now[2])


def test_the_brush_paints_by_keyboard(brush, expect):
    page = brush(TWO)
    radio = page.get_by_role("radiogroup", name="Paint with").locator("[aria-checked=true]")
    radio.focus()
    page.keyboard.press("ArrowRight")
    expect(radio).to_have_text("Wash")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # wraps around
    expect(radio).to_have_text("Eraser")
    page.keyboard.press("ArrowRight")
    focused = (
        "() => { let one = document.activeElement; while (one.shadowRoot) one = one.shadowRoot.activeElement;"
    )
    assert page.evaluate(focused + "return one.textContent; }") == "Mosaic"
    page.keyboard.press("Tab")  # one tab stop for all styles
    assert page.evaluate(focused + "return one.type; }") == "range"

    canvas = page.get_by_label("arrow keys move the brush")
    canvas.focus()
    tip = page.locator(".tip")
    before = tip.bounding_box()
    page.keyboard.press("ArrowRight")
    quarter = tip.bounding_box()["x"] - before["x"]
    assert quarter == pytest.approx(before["width"] / 4, rel=0.1)
    page.keyboard.press("Shift+ArrowRight")
    assert tip.bounding_box()["x"] - before["x"] > 4 * quarter
    page.keyboard.press("Space")
    color_hint, _ = masks(page, lambda now: len(now) == 2)
    page.keyboard.down("Space")  # while held, it draws a line
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    masks(page, lambda now: len(now) == 2 and now[0] != color_hint)


@pytest.fixture
def level(server_home):
    """Reads the brightness of a mask at relative coordinates: `level(sha256, x, y)`."""

    def level(digest, x, y):
        mask = image_io.read(server_home / "files" / digest)
        return mask[int(y * mask.shape[0]), int(x * mask.shape[1]), 0]

    return level


def frame(page):
    """Draws a closed line around the center of the photo."""
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    return places[0][0] + 0.25 * box["width"], places[0][1] + 0.25 * box["height"]


def test_a_closed_line_is_filled_and_what_is_painted_is_inverted(brush, level, expect, server_home):
    page = brush(TWO)
    middle = frame(page)
    framed, _ = masks(page, lambda now: len(now) == 2)
    assert (level(framed, 0.5, 0.5), level(framed, 0.25, 0.5)) == (0, 255)
    fill, invert = (page.get_by_role("button", name=name, exact=True) for name in ("Fill", "Invert"))
    fill.click()
    page.mouse.click(*middle)
    filled, _ = masks(page, lambda now: len(now) == 2 and now[0] != framed)
    row = image_io.read(server_home / "files" / filled)[:, :, 0]
    row = row[len(row) // 2, row.shape[1] // 4 : row.shape[1] * 3 // 4]
    assert row.min() == 255, "without a gap along the line"
    assert level(filled, 0.05, 0.5) == 0
    fill.click()
    invert.click()
    inverted, _ = masks(page, lambda now: len(now) == 2 and now[0] not in (framed, filled))
    assert (level(inverted, 0.5, 0.5), level(inverted, 0.05, 0.5)) == (0, 255)
    page.get_by_role("radio", name="Eraser").click()
    expect(invert).to_be_disabled()
    page.get_by_role("button", name="Undo", exact=True).click()
    masks(page, lambda now: len(now) == 2 and now[0] == filled)


def test_one_paints_where_one_points_however_large_the_photo_is(brush, level, expect):
    page = brush(TWO)
    canvas = page.locator("canvas").first
    small = canvas.bounding_box()["width"]
    page.get_by_role("button", name="Full size", exact=True).click()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text("150 %")).to_be_visible()
    box = canvas.bounding_box()
    assert box["width"] > 2 * small
    page.mouse.click(700, 300)
    page.get_by_role("button", name="Done", exact=True).click()
    painted, _ = masks(page, lambda now: len(now) == 2)
    across, down = (700 - box["x"]) / box["width"], (300 - box["y"]) / box["height"]
    assert level(painted, across, down) == 255 and level(painted, 0.02, 0.02) == 0
    assert abs(canvas.bounding_box()["width"] - small) < 2


def test_two_fingers_zoom_and_paint_nothing(brush, expect):
    page = brush(TWO)
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def fingers(kind, *distances):
        points = [{"x": middle + far, "y": y, "id": number} for number, far in enumerate(distances)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", -20)
    fingers("touchStart", -20, 20)
    fingers("touchMove", -30, 30)
    fingers("touchMove", -40, 40)
    fingers("touchEnd")
    expect(page.get_by_text("200 %")).to_be_visible()
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_disabled()
    fingers("touchStart", 0)
    fingers("touchEnd")
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    masks(page, lambda now: len(now) == 2)
