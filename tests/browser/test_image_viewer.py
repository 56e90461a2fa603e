"""The viewer of images and its lightbox in a real browser, with mouse, touch and keyboard."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import image_io
from studio.gallery import items
from tests.fakes.waiting import wait_until

from .elements import find_serious_violations

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


@pytest.fixture
def lightbox(tab, results):
    """Opens the lightbox of the result with this number, and returns the page and the lightbox."""

    def lightbox(number=0):
        page = tab(f"/gallery?item={results[number]}")
        page.get_by_role("button", name="View Result large").click()
        return page, page.get_by_role("dialog", name="Result, large")

    return lightbox


def measure(box):
    """Returns left, top and width of the large image."""
    place = box.get_by_role("img").first.bounding_box()
    return place["x"], place["y"], place["width"]


def test_lightbox_exists_only_while_it_is_open_and_gives_the_focus_back(tab, results, expect):
    page = tab(f"/gallery?item={results[0]}")
    opener = page.get_by_role("button", name="View Result large")
    opener.wait_for()
    assert page.locator("dialog").count() == 0
    opener.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="Result, large")
    expect(box.locator("p")).to_contain_text(f"{WIDTH} × {HEIGHT} px")
    expect(box.locator("p")).to_contain_text("Size 2048 px")
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    expect(opener).to_be_focused()
    page.get_by_role("slider", name="Compare Content on the left with Result on the right").dblclick()
    box.get_by_role("button", name="Close").click()
    box.wait_for(state="detached")


def test_hundred_percent_shows_the_pixels_of_the_file(lightbox, expect):
    page, box = lightbox()
    image = box.get_by_role("img").first
    page.wait_for_function("image => image.naturalWidth === 2400", arg=image.element_handle())
    fitted = measure(box)[2]
    assert fitted < 1440
    box.get_by_role("button", name="100 %").click()
    expect(box.locator("output")).to_have_text("100 %")
    assert measure(box)[2] == WIDTH
    page.keyboard.press("+")
    expect(box.locator("output")).to_have_text("125 %")
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert measure(box)[2] == pytest.approx(fitted)
    page.keyboard.press("1")
    assert measure(box)[2] == WIDTH


def test_large_image_is_panned_by_mouse_and_keys_but_not_beyond_its_edge(lightbox):
    page, box = lightbox()
    page.keyboard.press("1")
    left, top, _ = measure(box)
    page.mouse.move(700, 500)
    page.mouse.down()
    page.mouse.move(600, 450, steps=4)
    page.mouse.up()
    assert measure(box)[:2] == pytest.approx((left - 100, top - 50))
    page.keyboard.press("ArrowLeft")
    assert measure(box)[0] == pytest.approx(left - 20)
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    assert measure(box)[0] == 0
    page.mouse.wheel(0, -200)
    assert measure(box)[2] > WIDTH


def test_slider_of_the_lightbox_uncovers_the_content(lightbox):
    page, box = lightbox()
    layer = box.locator(".layer")
    slider = box.get_by_role("slider", name="Before and after")
    covered = layer.evaluate("e => getComputedStyle(e).clipPath")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("PageUp")
    assert layer.evaluate("e => getComputedStyle(e).clipPath") != covered
    assert slider.get_attribute("aria-valuetext") == "100 % Content"


def test_full_screen_is_left_with_the_same_button(lightbox):
    page, box = lightbox()
    button = box.get_by_role("button", name="Full screen")
    button.click()
    page.wait_for_function("() => document.fullscreenElement")
    button.click()
    page.wait_for_function("() => !document.fullscreenElement")
    box.wait_for()


def test_arrows_show_the_next_image_of_the_gallery(lightbox, results, expect):
    page, box = lightbox(2)
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


def test_click_on_an_image_without_content_opens_it(tab, results):
    page = tab(f"/gallery?item={results[1]}")
    opener = page.get_by_role("button", name="View Result large")
    opener.wait_for()
    box = opener.bounding_box()
    assert box["width"] > 300
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    page.get_by_role("dialog", name="Result, large").wait_for()


def test_fingers_zoom_pan_and_swipe(browser, server, results):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(f"{server}/gallery?item={results[2]}")
    page.get_by_role("button", name="View Result large").tap()
    box = page.get_by_role("dialog", name="Result, large")
    box.wait_for()
    client = context.new_cdp_session(page)

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

    wait_until(tap_fit, pause=0.5)  # Chromium drops the click of a tap that follows a pan at once
    touch("touchStart", (300, 400))
    touch("touchMove", (120, 400))
    touch("touchEnd")
    page.wait_for_url(f"**item={results[1]}*")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    context.close()


def test_lightbox_has_no_serious_accessibility_violations(lightbox, axe):
    page, box = lightbox()
    box.wait_for()
    page.evaluate(axe)
    assert not find_serious_violations(page)
