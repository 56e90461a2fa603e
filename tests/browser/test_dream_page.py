"""The Dream page in a real browser, with a real server and the real weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.core import recipes
from studio.core.imaging import image_io

from .elements import find_button

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=128&steps=2&octaves=2"  # takes seconds, because the tests are about the page
STEP = re.compile(r"Step \d+ of")
READY = "runs DeepDream on this image"


def find_slider(page):
    """Returns the slider that compares content and result."""
    return page.get_by_role("slider", name="Compare Content on the left with Result on the right")


def wait_for_download(page, name="Download"):
    with page.expect_download() as waiting:
        find_button(page, name).click()
    return waiting.value


def read_recipe(download):
    return recipes.read(Path(download.path()).read_bytes())


def test_dream_shows_previews_and_its_download_contains_the_recipe(tab):
    page = tab("/dream?size=128&steps=30&octaves=2")  # enough to be visible on a fast machine
    page.get_by_text(READY).wait_for()
    find_button(page, "Start").click()
    page.get_by_text(STEP).wait_for()
    page.get_by_text("as it is so far").wait_for()
    find_slider(page).wait_for()
    download = wait_for_download(page)
    assert read_recipe(download).settings["steps"] == 30
    assert max(image_io.read(Path(download.path()).read_bytes()).shape) == 128


def test_seed_of_a_variant_is_used_for_the_result(tab, expect):
    page = tab(f"/dream?{QUICK_SETTINGS}")
    page.get_by_text(READY).wait_for()
    find_button(page, "4 variants").click()
    choices = page.get_by_role("button", name="Use seed")
    expect(choices.and_(page.locator(":enabled"))).to_have_count(4)
    seed = re.sub(r"\D", "", choices.nth(2).inner_text())
    choices.nth(2).click()
    page.wait_for_url(re.compile(f"seed={seed}"))
    find_button(page, "Start").click()
    find_slider(page).wait_for()
    assert read_recipe(wait_for_download(page)).settings["seed"] == int(seed)
    page.go_back()
    expect(choices).to_have_count(4)


def test_channel_of_the_sheet_can_be_dreamed(tab):
    page = tab(f"/dream?{QUICK_SETTINGS}")
    page.get_by_text(READY).wait_for()
    page.get_by_role("radio", name="Layers and channels").click()
    channels = page.get_by_role("toolbar", name="Feature visualization of each channel").get_by_role("button")
    channels.first.click()
    number = channels.first.inner_text().strip()
    term = f"block5_conv1:{number}"
    page.wait_for_function(
        "term => [...document.querySelectorAll('input')].some(box => box.value === term)", arg=term
    )
    find_button(page, "Start").click()
    find_slider(page).wait_for()
    assert read_recipe(wait_for_download(page)).settings["layers"] == [term]


def test_channel_visualization_is_shown_and_used(tab):
    page = tab(f"/dream?{QUICK_SETTINGS}&see=Layers+and+channels")
    page.get_by_role("spinbutton", name="Any channel").fill("77")
    page.get_by_role("spinbutton", name="Any channel").press("Enter")
    find_button(page, "Visualize").click()
    page.get_by_text(STEP).wait_for()
    find_button(page, "Stop").click()  # the best result so far is enough
    find_button(page, "Use it in the dream").click()
    page.wait_for_url(re.compile("layers=[^&]*77"))
    toolbar = page.get_by_role("toolbar", name="Feature visualization of each channel")
    toolbar.get_by_role("button", name="77", exact=True).wait_for()
    page.get_by_text(READY).wait_for()


def test_video_plays_and_downloads_with_its_recipe(tab):
    page = tab(f"/dream?{QUICK_SETTINGS}&zoom.on=true&zoom=4&zoom_steps=1")
    page.get_by_text("video of 4 frames").wait_for()
    find_button(page, "Start").click()
    page.locator("video").wait_for()
    video, beside = wait_for_download(page), wait_for_download(page, "Download recipe")
    assert video.suggested_filename.endswith(".mp4")
    assert beside.suggested_filename == video.suggested_filename + ".json"
    assert read_recipe(beside).settings["zoom"] == 4


def test_settings_of_another_page_do_not_change_the_dream(tab, expect):
    page = tab("/style?mode=Draft&size=128&steps=77")
    find_button(page, "Start").wait_for()
    page.get_by_role("link", name="Dream", exact=True).click()
    page.get_by_text(READY).wait_for()
    expect(page.get_by_role("slider", name="Steps")).to_have_value("10")


def test_progress_stays_above_the_form_on_a_phone(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(f"{server}/dream?size=128&steps=200")
    page.get_by_text("before the first step").wait_for()
    page.get_by_text("See the result").wait_for()
    find_button(page, "Start").click()
    stop, link = find_button(page, "Stop").first, page.get_by_text("See the result")
    stop.wait_for()
    link.wait_for(state="hidden")
    page.get_by_text("More", exact=True).first.scroll_into_view_if_needed()
    assert 0 <= stop.bounding_box()["y"] < 200
    stop.click()
    link.wait_for()
    context.close()


@pytest.mark.parametrize("query", ["", "see=Layers+and+channels&layers=mixed4:71,mixed4&zoom.on=true"])
def test_dream_page_fits_a_phone(browser, server, query):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(f"{server}/dream?{query}")
    page.get_by_text("before the first step").wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    assert not page.evaluate(wide)
    context.close()
