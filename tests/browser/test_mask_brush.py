"""The mask brush of the Style page in a real browser."""

from __future__ import annotations

import json

import pytest
from waiting import wait_until

from studio.core.imaging import image_io

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TWO_STYLES = "/style?size=128&brush=true&style=Mosaic&style=Wash"


@pytest.fixture
def open_unfolded(tab):
    """Opens an address of the Style page with the recipe unfolded."""

    def open_unfolded(address: str):
        page = tab(address)
        unfold(page)
        return page

    return open_unfolded


def unfold(page):
    """Unfolds the recipe of the result; recent results have their own."""
    page.get_by_test_id("stExpander").filter(has_text="Recipe").first.locator("summary").click()


def draw_stroke(page, style, height):
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


def read_recipe(page):
    """Returns the recipe of the result; {} while there is none."""
    # Read the text of the page, because a locator can become stale during a rerun.
    texts = page.evaluate(
        "() => [...document.querySelectorAll('[data-testid=stCode]')].map(x => x.innerText)"
    )
    return next((json.loads(text) for text in texts if text.startswith("{")), {})


def list_masks(recipe):
    """Returns the SHA-256 of each mask of a recipe."""
    return [element["digest"] for element in recipe.get("inputs", {}).get("mask", [])]


def wait_for_masks(page, is_expected):
    """Returns the SHA-256 of each mask of the result, once its recipe has the expected masks."""

    def read_expected_digests():
        recipe = read_recipe(page)
        return [list_masks(recipe)] if recipe and is_expected(list_masks(recipe)) else []

    return wait_until(read_expected_digests, pause=0.1)[0]


def test_clear_can_be_undone_and_paint_belongs_to_its_style(open_unfolded, expect):
    page = open_unfolded(TWO_STYLES)
    clear, undo = (page.get_by_role("button", name=name, exact=True) for name in ("Clear", "Undo"))
    expect(clear).to_be_disabled()
    draw_stroke(page, "Mosaic", 0.2)
    _, rest = wait_for_masks(page, lambda digests: len(digests) == 2)
    draw_stroke(page, "Wash", 0.8)
    painted = wait_for_masks(page, lambda digests: len(digests) == 2 and digests[1] != rest)
    page.get_by_role("button", name="Halftone").click()
    wait_for_masks(page, lambda digests: len(digests) == 3 and digests[:2] == painted)
    expect(clear).to_be_enabled()
    expect(undo).to_be_enabled()
    clear.click()
    wait_for_masks(page, lambda digests: not digests)
    expect(clear).to_be_disabled()
    undo.click()
    wait_for_masks(page, lambda digests: digests[:2] == painted)
    undo.click()  # the stroke from before the third style
    wait_for_masks(
        page, lambda digests: len(digests) == 3 and digests[0] == painted[0] and digests[1] == digests[2]
    )

    draw_stroke(page, "Wash", 0.8)
    mosaic, wash, _ = wait_for_masks(page, lambda digests: len(set(digests)) == 3)
    page.get_by_role("button", name="Woodcut").click()
    wait_for_masks(page, lambda digests: len(digests) == 4)
    page.get_by_role("button", name="Dots").click()  # a fifth style replaces the oldest, Mosaic
    wait_for_masks(page, lambda digests: len(digests) == 4 and digests[0] == wash and mosaic not in digests)
    page.get_by_role("button", name="Halftone").click()
    wait_for_masks(page, lambda digests: len(digests) == 3 and digests[0] == wash and mosaic not in digests)


def test_paint_is_downloaded_and_restored_with_the_brush_the_page_and_after_a_reload(open_unfolded, expect):
    page = open_unfolded(TWO_STYLES)
    draw_stroke(page, "Wash", 0.5)
    painted = wait_for_masks(page, lambda digests: len(digests) == 2)
    command = page.get_by_test_id("stCode").filter(has_text="--mask").first.inner_text()
    with page.expect_download() as saved:
        page.get_by_role("button", name="mask-1-").click()
    assert saved.value.suggested_filename in command

    page.get_by_text("Brush", exact=True).first.click()
    wait_for_masks(page, lambda digests: not digests)
    page.get_by_text("Brush", exact=True).first.click()
    wait_for_masks(page, lambda digests: digests == painted)
    draw_stroke(page, "Mosaic", 0.2)  # the earlier masks are still there
    both = wait_for_masks(
        page, lambda digests: len(digests) == 2 and digests[1] == painted[1] and digests[0] != painted[0]
    )

    page.get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    page.get_by_role("link", name="Style").click()
    unfold(page)
    wait_for_masks(page, lambda digests: digests == both)
    page.wait_for_url("**paint=*")
    before = page.url
    draw_stroke(page, "Wash", 0.8)
    more = wait_for_masks(
        page, lambda digests: len(digests) == 2 and digests[0] == both[0] and digests[1] != both[1]
    )
    expect(page).not_to_have_url(before)  # the address can follow the recipe

    page.reload()
    unfold(page)
    wait_for_masks(page, lambda digests: digests == more)
    draw_stroke(page, "Mosaic", 0.05)  # apart from the strokes of Wash, which it would erase
    wait_for_masks(
        page, lambda digests: len(digests) == 2 and digests[1] == more[1] and digests[0] != more[0]
    )


@pytest.fixture
def read_level(server_home):
    """Reads the brightness of a mask at relative coordinates: `level(sha256, x, y)`."""

    def read_level(digest, x, y):
        mask = image_io.read(server_home / "files" / digest)
        return mask[int(y * mask.shape[0]), int(x * mask.shape[1]), 0]

    return read_level


def draw_frame(page):
    """Draws a closed line around the center of the photo."""
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()
    return points[0][0] + 0.25 * box["width"], points[0][1] + 0.25 * box["height"]


def test_brush_paints_by_keyboard_fills_a_closed_line_and_inverts(
    open_unfolded, read_level, expect, server_home
):
    page = open_unfolded(TWO_STYLES)
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
    color_hint, _ = wait_for_masks(page, lambda digests: len(digests) == 2)
    page.keyboard.down("Space")  # while held, it draws a line
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    wait_for_masks(page, lambda digests: len(digests) == 2 and digests[0] != color_hint)
    page.get_by_role("button", name="Clear", exact=True).click()
    wait_for_masks(page, lambda digests: not digests)

    middle = draw_frame(page)
    framed, _ = wait_for_masks(page, lambda digests: len(digests) == 2)
    assert (read_level(framed, 0.5, 0.5), read_level(framed, 0.25, 0.5)) == (0, 255)
    fill, invert = (page.get_by_role("button", name=name, exact=True) for name in ("Fill", "Invert"))
    fill.click()
    page.mouse.click(*middle)
    filled, _ = wait_for_masks(page, lambda digests: len(digests) == 2 and digests[0] != framed)
    row = image_io.read(server_home / "files" / filled)[:, :, 0]
    row = row[len(row) // 2, row.shape[1] // 4 : row.shape[1] * 3 // 4]
    assert row.min() == 255, "without a gap along the line"
    assert read_level(filled, 0.05, 0.5) == 0
    fill.click()
    invert.click()
    inverted, _ = wait_for_masks(
        page, lambda digests: len(digests) == 2 and digests[0] not in (framed, filled)
    )
    assert (read_level(inverted, 0.5, 0.5), read_level(inverted, 0.05, 0.5)) == (0, 255)
    page.get_by_role("radio", name="Eraser").click()
    expect(invert).to_be_disabled()
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_for_masks(page, lambda digests: len(digests) == 2 and digests[0] == filled)


def test_brush_paints_at_the_pointer_for_any_zoom_and_two_fingers_zoom(open_unfolded, read_level, expect):
    page = open_unfolded(TWO_STYLES)
    canvas = page.locator("canvas").first
    small = canvas.bounding_box()["width"]
    page.get_by_role("button", name="Full size", exact=True).click()
    page.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text("150%")).to_be_visible()
    box = canvas.bounding_box()
    assert box["width"] > 2 * small
    page.mouse.click(700, 300)
    page.get_by_role("button", name="Done", exact=True).click()
    painted, _ = wait_for_masks(page, lambda digests: len(digests) == 2)
    across, down = (700 - box["x"]) / box["width"], (300 - box["y"]) / box["height"]
    assert read_level(painted, across, down) == 255 and read_level(painted, 0.02, 0.02) == 0
    assert abs(canvas.bounding_box()["width"] - small) < 2

    page.get_by_role("button", name="Clear", exact=True).click()
    wait_for_masks(page, lambda digests: not digests)
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
    expect(page.get_by_text("200%")).to_be_visible()
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_disabled()
    fingers("touchStart", 0)
    fingers("touchEnd")
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_enabled()
    wait_for_masks(page, lambda digests: len(digests) == 2)
    touch.detach()  # the tab has no touch screen any more


def test_a_selection_is_paint_that_can_be_undone_and_belongs_to_its_photo(open_unfolded, expect):
    page = open_unfolded("/style?size=128&brush=true&style=Mosaic&style=Wash&content=Astronaut")
    draw_stroke(page, "Wash", 0.5)
    painted = wait_for_masks(page, lambda digests: len(digests) == 2)
    astronaut = read_recipe(page)["inputs"]["content"]
    page.get_by_role("button", name="Faces", exact=True).click()
    selected = wait_for_masks(page, lambda digests: len(digests) == 2 and digests != painted)
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_for_masks(page, lambda digests: digests == painted)
    page.get_by_role("button", name="Redo", exact=True).click()
    wait_for_masks(page, lambda digests: digests == selected)

    page.get_by_role("radio", name="Rocket").click()
    wait_for_masks(page, lambda digests: not digests)
    page.get_by_role("button", name="Person", exact=True).click()
    expect(page.get_by_text("No person found. Paint the mask.")).to_be_visible()
    expect(page.get_by_role("button", name="Clear", exact=True)).to_be_disabled()

    page.get_by_role("radio", name="Astronaut").click()

    def read_recipe_of_astronaut():
        recipe = read_recipe(page)
        return recipe if recipe.get("inputs", {}).get("content") == astronaut else None

    assert not list_masks(wait_until(read_recipe_of_astronaut, pause=0.1)), "paint of another photo"
