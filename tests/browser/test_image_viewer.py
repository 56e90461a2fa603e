"""The viewer of images and its lightbox in a real browser, with mouse, touch and keyboard."""

from __future__ import annotations

import re

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import image_io
from studio.gallery import items
from tests.fakes.waiting import wait_until

from .elements import find_serious_violations, wait_until_at_rest
from .strokes import swipe

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTH, HEIGHT = 2400, 1600  # px: more than the page itself loads
SEEDS = (5101, 5102, 5103)  # of the results in the gallery, oldest first


@pytest.fixture(scope="module")
def results(server_home):
    """The ids of three results in the server's gallery, oldest first; the second one has no content."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(server_home))
        return [_add_result(seed, has_content=seed != SEEDS[1]) for seed in SEEDS]


def _add_result(seed, has_content):
    pixels = np.random.default_rng(seed).integers(0, 255, (HEIGHT // 16, WIDTH // 16, 3), "uint8")
    pixels = np.kron(pixels, np.ones((16, 16, 1), "uint8"))
    content = tasks.File.store(image_io.encode_png(255 - pixels), "image", f"garden-{seed}.png")
    inputs = {"content": [content], "style": [content]} if has_content else {"style": [content]}
    recipe = recipes.make(
        "style.transfer", tasks.get("style.transfer").settings(seed=seed, size=2048), inputs
    )
    file = tasks.File.store(image_io.encode_png(pixels, recipe), "image", f"painted-{seed}.png")
    return items.add(tasks.Result((file,), {}, recipe), 1.0)


def measure(box):
    """Returns left, top and width of the large image."""
    place = box.get_by_role("img").first.bounding_box()
    return place["x"], place["y"], place["width"]


def test_lightbox_zooms_and_pans_and_exists_only_while_it_is_open(tab, results, expect):
    page = tab(f"/gallery?item={results[0]}")
    opener = page.get_by_role("button", name="View Result large")
    opener.wait_for()
    assert page.locator("dialog").count() == 0
    opener.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Result, large")
    expect(box.locator("p")).to_contain_text(f"{WIDTH} × {HEIGHT} px")
    expect(box.locator("p")).to_contain_text("Size 2048 px")

    image = box.get_by_role("img").first
    page.wait_for_function("image => image.naturalWidth === 2400", arg=image.element_handle())
    fitted = measure(box)[2]
    assert fitted < 1440
    box.get_by_role("button", name="100%").click()
    expect(box.locator("output")).to_have_text("100%")
    assert measure(box)[2] == WIDTH
    page.keyboard.press("+")
    expect(box.locator("output")).to_have_text("125%")
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert measure(box)[2] == pytest.approx(fitted)
    page.keyboard.press("1")
    left, top, width = measure(box)
    assert width == WIDTH

    page.mouse.move(700, 500)
    page.mouse.down()
    page.mouse.move(600, 450, steps=4)
    page.mouse.up()
    assert measure(box)[:2] == pytest.approx((left - 100, top - 50))
    page.keyboard.press("ArrowLeft")
    assert measure(box)[0] == pytest.approx(left - 20)
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    assert measure(box)[0] == 0, "not beyond its edge"
    page.mouse.wheel(0, -200)
    wait_until(lambda: measure(box)[2] > WIDTH)

    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    expect(opener).to_be_focused()
    page.get_by_role("slider", name="Compare Content on the left with Result on the right").dblclick()
    box.get_by_role("button", name="Close").click()
    box.wait_for(state="detached")


def test_lightbox_compares_fills_the_screen_and_shows_the_next_image(tab, results, expect, axe):
    page = tab(f"/gallery?item={results[2]}")
    page.get_by_role("button", name="View Result large").click()
    box = page.get_by_role("dialog", name="Result, large")
    box.wait_for()
    page.evaluate(axe)
    assert not find_serious_violations(page)

    layer = box.locator(".layer")
    slider = box.get_by_role("slider", name="Before and after")
    covered = layer.evaluate("e => getComputedStyle(e).clipPath")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("PageUp")
    assert layer.evaluate("e => getComputedStyle(e).clipPath") != covered
    assert slider.get_attribute("aria-valuetext") == "100% Content"

    button = box.get_by_role("button", name="Full screen")
    button.click()
    page.wait_for_function("() => document.fullscreenElement")
    button.click()
    page.wait_for_function("() => !document.fullscreenElement")
    box.wait_for()

    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**item={results[1]}*")
    expect(box.locator("p")).not_to_contain_text("garden-5103 +")
    expect(box.get_by_role("slider")).to_have_count(0)  # no content to compare with
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**item={results[0]}*")
    box.get_by_role("slider").wait_for()
    box.get_by_role("button", name="Previous image").click()
    page.wait_for_url(f"**item={results[1]}*")
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    page.get_by_role("heading", name="garden-5102").wait_for()
    expect(page).to_have_url(re.compile(f"item={results[1]}"))

    wait_until_at_rest(page)
    opener = page.get_by_role("button", name="View Result large")
    place = opener.bounding_box()
    assert place["width"] > 300, "without content, all of the image opens it"
    page.mouse.click(place["x"] + place["width"] / 3, place["y"] + place["height"] / 3)
    box.wait_for()


def test_fingers_compare_zoom_pan_and_swipe_and_back_closes_the_lightbox(phone_tab, results, expect):
    page = phone_tab(f"/gallery?item={results[2]}")
    slider = page.get_by_role("slider", name="Compare Content on the left with Result on the right")
    slider.wait_for()
    wait_until_at_rest(page)
    swipe(page, slider.bounding_box(), 2, -60)
    assert slider.input_value() == "50", "a finger that scrolls does not move the line"
    wait_until(lambda: page.get_by_test_id("stMain").evaluate("e => e.scrollTop") > 0)
    swipe(page, slider.bounding_box(), 100, 2)
    assert float(slider.input_value()) > 60

    opener = page.get_by_role("button", name="View Result large")
    opener.press("Enter")  # Chromium drops the click of a tap that follows a pan at once
    box = page.get_by_role("dialog", name="Result, large")
    box.wait_for()
    client = page.context.new_cdp_session(page)

    def touch(kind, *points):
        client.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    fitted = measure(box)[2]
    touch("touchStart", (180, 400), (220, 400))
    touch("touchMove", (100, 400), (300, 400))
    touch("touchEnd")
    zoomed = measure(box)
    assert zoomed[2] > 3 * fitted
    touch("touchStart", (200, 400))
    touch("touchMove", (160, 400))
    touch("touchEnd")
    assert measure(box)[0] == pytest.approx(zoomed[0] - 40)

    def tap_fit():
        box.get_by_role("button", name="Fit").tap()
        return measure(box)[2] == pytest.approx(fitted)

    wait_until(tap_fit, pause=0.5)  # not at once, see above
    touch("touchStart", (300, 400))
    touch("touchMove", (120, 400))
    touch("touchEnd")
    page.wait_for_url(f"**item={results[1]}*")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    page.get_by_role("heading", name="garden-5102").wait_for(state="attached")

    page.go_back()
    box.wait_for(state="detached")
    page.wait_for_url(f"**item={results[1]}*")
    wait_until_at_rest(page)
    page.get_by_role("heading", name="garden-5102").wait_for()
