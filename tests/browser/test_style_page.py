"""The Style page in a real browser, with a real server and the real weights."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from studio.core import recipes
from studio.core.imaging import image_io, video_decoder

from .elements import open_popover

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=128"  # px; takes seconds, because the tests are about the page
LONG_JOB = f"/style?mode=Draft&{QUICK_SETTINGS}&steps=400"
STEP = re.compile(r"Step [1-9]\d* of \d+")  # before the first step there is nothing to save


@pytest.fixture
def photo(tmp_path, image) -> Path:
    path = tmp_path / "holiday.png"
    path.write_bytes(image_io.encode_png(image))
    return path


def find_slider(page):
    """Returns the slider that compares content and result."""
    return page.get_by_role("slider", name="Compare Content on the left with Result on the right")


def find_button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name)


def upload_content(page, path):
    """Uploads a file as content image."""
    open_popover(page, "Add your own").locator('input[type="file"]').set_input_files(path)


def start_long_job(page):
    find_button(page, "Start").click()
    page.get_by_text(STEP).wait_for()
    page.wait_for_url("**job=*")
    return re.search(r"job=(\w+)", page.url)[1]


def cancel_job(page):
    find_button(page, "Stop").click()
    find_slider(page).wait_for()


def test_first_visit_shows_a_result(tab):
    page = tab(f"/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    assert page.get_by_text(re.compile("Made in")).count()


def test_slider_of_the_comparison_moves_by_keyboard_and_mouse(tab):
    page = tab(f"/style?{QUICK_SETTINGS}")
    slider = find_slider(page)
    slider.wait_for()
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > before
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    assert float(slider.input_value()) < 30


def test_upload_becomes_the_content(tab, photo):
    page = tab(f"/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    upload_content(page, photo)
    page.get_by_role("radio", name="holiday").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Recipe", exact=True).first.click()
    page.get_by_text("holiday.png").first.wait_for()
    find_slider(page).wait_for()


def test_invalid_upload_shows_an_error_and_keeps_the_result(tab, tmp_path):
    bad = tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8 not an image")
    page = tab(f"/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    upload_content(page, bad)
    page.get_by_text(re.compile(r"Invalid image broken\.jpg")).wait_for()
    find_slider(page).wait_for()


def test_brush_limits_a_style_to_an_area(tab):
    page = tab(f"/style?{QUICK_SETTINGS}&brush=true&style=Mosaic&style=Wash")
    find_slider(page).wait_for()
    page.get_by_role("radiogroup", name="Paint with").get_by_role("radio", name="Wash").click()
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    left, top, down = box["x"], box["y"], box["height"] / 2
    page.mouse.move(left + 0.2 * box["width"], top + down)
    page.mouse.down()
    page.mouse.move(left + 0.8 * box["width"], top + down, steps=5)
    page.mouse.up()
    page.get_by_text("Recipe", exact=True).first.click()
    page.get_by_text(re.compile(r"mask-2-")).first.wait_for()
    find_slider(page).wait_for()
    page.get_by_role("button", name="Halftone").click()  # the masks stay, with one more style
    page.get_by_text(re.compile(r"mask-3-")).first.wait_for()
    page.get_by_role("radio", name="Coffee").click()
    page.get_by_text(re.compile(r"mask-3-")).first.wait_for(state="detached")
    page.get_by_role("radio", name="Chelsea").click()
    find_slider(page).wait_for()
    page.get_by_text("Recipe", exact=True).first.wait_for()
    page.wait_for_timeout(3000)  # nothing should appear, so there is nothing to wait for
    assert page.get_by_text(re.compile(r"mask-3-")).count() == 0


def test_video_is_previewed_on_its_first_frame_and_painted_completely(tab):
    page = tab(f"/style?{QUICK_SETTINGS}&what=A+video")
    page.get_by_text(re.compile("Preview of the first of 24 frames")).wait_for()
    find_button(page, "Start").click()
    find_button(page, "Make again").wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download", exact=True).click()
    painted = list(video_decoder.decode(Path(waiting.value.path()).read_bytes()))
    assert len(painted) == 24 and max(painted[0].shape) == 128


def test_slider_updates_the_address_and_the_result(tab, expect):
    page = tab(f"/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    page.get_by_role("slider", name="Strength").press("Home")
    page.wait_for_url(re.compile(r"strength=0\b"))
    page.reload()
    find_slider(page).wait_for()
    expect(page.get_by_role("slider", name="Strength")).to_have_value(re.compile(r"0(\.00)?"))


def test_running_job_survives_navigation_reload_and_second_tab(tab):
    page = tab(LONG_JOB)
    name = start_long_job(page)
    page.get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    job_panel = page.get_by_test_id("stSidebar")
    job_panel.get_by_role("button", name="Stop").wait_for()
    page.get_by_role("link", name="Style").click()
    page.get_by_text(STEP).wait_for()
    page.reload()
    page.get_by_text(STEP).wait_for()
    second = tab("/health")
    job_panel = second.get_by_test_id("stSidebar")
    job_panel.get_by_role("link", name="Open").and_(second.locator(f"[href*='{name}']")).click()
    second.get_by_text(STEP).wait_for()
    second.wait_for_url(f"**job={name}*")
    cancel_job(second)
    second.get_by_text(re.compile("stopped early")).wait_for()
    find_slider(page).wait_for()


def test_download_is_a_png_with_its_recipe(tab):
    page = tab(f"/style?mode=Draft&{QUICK_SETTINGS}&steps=2")
    find_button(page, "Start").click()
    find_button(page, "Make again").wait_for()
    with page.expect_download() as waiting:
        find_button(page, "Download").click()
    data = Path(waiting.value.path()).read_bytes()
    embedded = recipes.read(data)
    assert (embedded.task, embedded.settings["mode"], embedded.settings["size"]) == (
        "style.transfer",
        "draft",
        128,
    )
    assert max(image_io.read(data).shape) == 128


def test_under_the_hood_shows_the_match_of_a_point(tab, expect):
    page = tab("/style?mode=Draft&size=64&steps=2&explain=true")
    find_button(page, "Start").click()
    stage = page.get_by_role("application", name="Photo")
    stage.wait_for()
    caption = page.locator("figcaption").filter(has_text="Painting:")
    expect(caption).to_contain_text("Photo: 50 % from the left, 50 % from the top.")
    stage.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text("Photo: 0 % from the left")


def test_number_out_of_range_shows_the_limits(tab, expect):
    page = tab(f"/style?{QUICK_SETTINGS}")
    box = page.locator(".st-key-size-box")
    script = "e => getComputedStyle(e, '::after').content"
    box.locator("input").fill("9000")
    box.locator("input").press("Enter")
    page.wait_for_function(f"e => ({script})(e).includes('enter 64 to 2048')", arg=box.element_handle())
    box.locator("input").fill("136")
    box.locator("input").press("Enter")
    page.wait_for_url(re.compile("size=136"))
    assert box.evaluate(script) == "none"


def test_number_between_two_steps_is_accepted(tab, expect):
    page = tab("/playground?learning_rate=0.01")  # the minimum is 1e-05, so no step from there reaches it
    box = page.locator(".st-key-learning_rate-box")
    expect(box.locator("input")).to_have_value("0.01")
    assert box.evaluate("e => getComputedStyle(e, '::after').content") == "none"


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["laptop", "phone"])
@pytest.mark.parametrize("shape", [(1200, 300), (300, 1200)], ids=["portrait", "panorama"])
def test_progress_is_visible_for_images_of_any_shape(tab, tmp_path, size, shape):
    path = tmp_path / "shape.png"
    path.write_bytes(image_io.encode_png(np.full((*shape, 3), 90, "uint8")))
    page = tab(LONG_JOB)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    upload_content(page, path)
    page.get_by_role("radio", name="shape", checked=True).wait_for()
    page.keyboard.press("Escape")
    start_long_job(page)
    preview = page.locator(".st-key-working img")
    for place in (
        preview,
        find_button(page, "Stop"),
        find_button(page, "Cancel"),
        page.get_by_text(STEP).first,
    ):
        box = place.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], place
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0], place
    title, panel = (page.locator(selector).first.bounding_box() for selector in ("h1", ".st-key-working"))
    assert title["y"] + title["height"] <= panel["y"] or panel["x"] > title["x"], "it stands above its title"
    find_button(page, "Cancel").click()
    find_button(page, "Run again").wait_for()


def test_portrait_before_start_fits_the_window(tab, tmp_path):
    path = tmp_path / "portrait.png"
    path.write_bytes(image_io.encode_png(np.full((1200, 400, 3), 90, "uint8")))
    page = tab("/dream")
    page.set_viewport_size({"width": 1366, "height": 768})
    upload_content(page, path)
    page.get_by_role("radio", name="portrait").wait_for()
    page.keyboard.press("Escape")
    box = page.get_by_alt_text("The content, before the first step").bounding_box()
    assert box["y"] + box["height"] <= 768


def test_second_job_waits_and_shows_its_position(tab, expect):
    page = tab(LONG_JOB)
    first = start_long_job(page)
    find_button(page, "Start").click()
    question = page.get_by_role("dialog", name="This is already running")
    question.get_by_role("button", name="Show it").click()
    question.wait_for(state="detached")
    page.wait_for_url(f"**job={first}*")
    find_button(page, "Start").click()
    question.get_by_role("button", name="Start it again").click()
    page.get_by_text("Waiting, number 1 in the queue").wait_for()
    # While the page is redrawn, the buttons of both states can exist for a moment.
    expect(find_button(page, "Cancel")).to_have_count(1)
    find_button(page, "Cancel").click()
    find_button(page, "Run again").wait_for()
    # While the job panel is redrawn, both states can exist for a moment.
    running = page.get_by_test_id("stSidebar").locator(f".st-key-job_panel_stop_{first} button").first
    running.click()
    running.wait_for(state="detached")
    page.goto(f"{page.url.partition('?')[0]}?job={first}")
    page.get_by_text("stopped early").wait_for()


@pytest.mark.parametrize("address", ["/", f"/style?{QUICK_SETTINGS}", "/health"])
def test_style_page_fits_a_phone(browser, server, address):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(server + address)
    page.get_by_role("heading", level=1).wait_for()
    if address.startswith("/style"):
        find_slider(page).wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    assert not page.evaluate(wide)
    context.close()


def test_folder_of_photos_is_one_batch(tab, tmp_path, image):
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(3):
        (folder / f"day-{number}.png").write_bytes(image_io.encode_png(image // (number + 1)))
    (folder / "notes.txt").write_text("no photo")
    page = tab(f"/style?{QUICK_SETTINGS}")
    page.get_by_text("Many photos").click()
    page.get_by_text("A whole folder").click()
    page.get_by_text("A folder from your device").wait_for()
    page.locator('input[type="file"][webkitdirectory]').set_input_files(folder)
    page.get_by_role("button", name="Start all 3").click()
    page.get_by_text("1 of 3 in this batch").wait_for()
    page.get_by_role("button", name="Save 3 as zip").wait_for()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("2 of 3 in this batch").wait_for()
    find_slider(page).wait_for()
