"""The Style page in a real browser, with a real server and the real weights."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_until

from studio.core.imaging import image_io

from .elements import open_popover, wait_until_at_rest
from .strokes import has_no_overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=128"  # px; takes seconds, because the tests are about the page
LONG_JOB = f"/style?mode=Draft&{QUICK_SETTINGS}&steps=2000"  # still running at the end of each test
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


def test_first_result_is_compared_and_settings_survive_a_reload(tab, expect):
    page = tab(f"/style?{QUICK_SETTINGS}")
    slider = find_slider(page)
    slider.wait_for()
    expect(page.get_by_text(re.compile("Made in")).first).to_be_attached()
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > before
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    assert float(slider.input_value()) < 30

    size = page.locator(".st-key-size-box")
    script = "e => getComputedStyle(e, '::after').content"
    size.locator("input").fill("9000")
    size.locator("input").press("Enter")
    wait_until(lambda: "enter 64 to 2048" in size.evaluate(script))
    size.locator("input").fill("136")
    size.locator("input").press("Enter")
    page.wait_for_url(re.compile("size=136"))
    assert size.evaluate(script) == "none"

    page.get_by_role("slider", name="Strength").press("Home")
    page.wait_for_url(re.compile(r"strength=0\b"))
    page.reload()
    find_slider(page).wait_for()
    expect(page.get_by_role("slider", name="Strength")).to_have_value(re.compile(r"0(\.00)?"))


def test_upload_becomes_the_content_and_an_invalid_one_keeps_it(tab, photo, tmp_path, expect):
    bad = tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8 not an image")
    page = tab(f"/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    upload_content(page, photo)
    page.get_by_role("radio", name="holiday").wait_for()
    page.get_by_role("slider", name="Strength").press("Home")
    wait_until_at_rest(page)
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)  # a later run leaves the popover closed
    page.get_by_text("Recipe", exact=True).first.click()
    page.get_by_text("holiday.png").first.wait_for()
    find_slider(page).wait_for()
    upload_content(page, bad)
    page.get_by_text(re.compile(r"Invalid image broken\.jpg")).wait_for()
    page.get_by_role("radio", name="holiday", checked=True).wait_for()
    find_slider(page).wait_for()


def test_running_job_survives_navigation_reload_and_a_second_start_in_another_tab(tab, expect):
    page = tab(LONG_JOB)
    name = start_long_job(page)
    page.get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    page.get_by_role("link", name="Style").click()
    page.get_by_text(STEP).wait_for()
    page.reload()
    page.get_by_text(STEP).wait_for()
    page.get_by_role("link", name="Health").click()
    page.get_by_text("This machine").wait_for()
    panel = page.get_by_test_id("stSidebar")
    panel.get_by_role("link", name="Open").and_(page.locator(f"[href*='{name}']")).click()
    page.get_by_text(STEP).wait_for()
    page.wait_for_url(f"**job={name}*")

    # A page that shows a running job can rerun at any time, which closes a dialog: ask where none is shown.
    second = tab(LONG_JOB)
    question = second.get_by_role("dialog", name="This is already running")
    find_button(second, "Start").click()
    question.get_by_role("button", name="Start it again").click()
    second.get_by_text("Waiting, number 1 in the queue").wait_for()
    # While the page is redrawn, the buttons of both states can exist for a moment.
    expect(find_button(second, "Cancel")).to_have_count(1)
    find_button(second, "Cancel").click()
    find_button(second, "Run again").wait_for()
    find_button(second, "Start").click()
    question.get_by_role("button", name="Show it").click()
    question.wait_for(state="detached")
    second.wait_for_url(f"**job={name}*")
    second.get_by_text(STEP).wait_for()

    # While the job panel is redrawn, both states can exist for a moment.
    running = second.get_by_test_id("stSidebar").locator(f".st-key-job_panel_stop_{name} button").first
    running.click()
    running.wait_for(state="detached")
    find_slider(page).wait_for()
    page.get_by_text(re.compile("stopped early")).wait_for()


def test_under_the_hood_shows_the_match_of_a_point(tab, expect):
    page = tab("/style?mode=Draft&size=64&steps=2&explain=true")
    find_button(page, "Start").click()
    stage = page.get_by_role("application", name="Photo")
    stage.wait_for()
    caption = page.locator("figcaption").filter(has_text="Painting:")
    expect(caption).to_contain_text("Photo: 50% from the left, 50% from the top.")
    stage.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text("Photo: 0% from the left")


def test_number_between_two_steps_is_accepted(tab, expect):
    page = tab("/playground?learning_rate=0.01")  # the minimum is 1e-05, so no step from there reaches it
    box = page.locator(".st-key-learning_rate-box")
    expect(box.locator("input")).to_have_value("0.01")
    assert box.evaluate("e => getComputedStyle(e, '::after').content") == "none"


@pytest.mark.parametrize(
    "shape, size", [((1200, 300), (1366, 768)), ((300, 1200), (390, 844))], ids=["portrait", "panorama"]
)
def test_progress_is_visible_for_images_of_any_shape(tab, tmp_path, size, shape):
    path = tmp_path / "shape.png"
    path.write_bytes(image_io.encode_png(np.full((*shape, 3), 90, "uint8")))
    page = tab(LONG_JOB, *size)
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
    assert panel["height"] <= size[1] / 2 or panel["x"] > title["x"], "it leaves no room for the form"
    find_button(page, "Cancel").click()
    find_button(page, "Run again").wait_for()


def test_portrait_before_start_fits_the_window(tab, tmp_path):
    path = tmp_path / "portrait.png"
    path.write_bytes(image_io.encode_png(np.full((1200, 400, 3), 90, "uint8")))
    page = tab("/dream", 1366, 768)
    upload_content(page, path)
    page.get_by_role("radio", name="portrait").wait_for()
    page.keyboard.press("Escape")
    box = page.get_by_alt_text("The content, before the first step").bounding_box()
    assert box["y"] + box["height"] <= 768


def test_pages_fit_a_phone(tab, server):
    def require_fit():
        page.get_by_role("heading", level=1).wait_for()
        wait_until_at_rest(page)
        assert has_no_overflow(page), page.url

    page = tab("/", 390, 844)
    require_fit()
    page.goto(f"{server}/health")
    require_fit()
    page.goto(f"{server}/style?{QUICK_SETTINGS}")
    find_slider(page).wait_for()
    require_fit()


def test_folder_of_photos_is_one_batch(tab, tmp_path, image):
    folder = tmp_path / "holiday"
    folder.mkdir()
    for number in range(2):
        (folder / f"day-{number}.png").write_bytes(image_io.encode_png(image // (number + 1)))
    (folder / "notes.txt").write_text("no photo")
    page = tab(f"/style?{QUICK_SETTINGS}")
    page.get_by_text("Many photos").click()
    page.get_by_text("A whole folder").click()
    page.get_by_text("A folder from your device").wait_for()
    page.locator('input[type="file"][webkitdirectory]').set_input_files(folder)
    page.get_by_role("button", name="Start all 2").click()
    page.get_by_text("1 of 2 in this batch").wait_for()
    page.get_by_role("button", name="Save 2 as zip").wait_for()
    page.get_by_role("button", name="Next page", exact=True).click()
    page.get_by_text("2 of 2 in this batch").wait_for()
    find_slider(page).wait_for()
