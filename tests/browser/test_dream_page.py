"""The Dream page in a real browser, with a real server and the real weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.core import recipes
from studio.core.imaging import image_io

from .elements import find_button, wait_until_at_rest
from .strokes import has_no_overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK_SETTINGS = "size=64&steps=1&octaves=2"  # takes seconds, because the tests are about the page
STEP = re.compile(r"Step \d+ of")
READY = "runs DeepDream on this image"
HAS_TERM = """term => [...document.querySelectorAll("input")]
    .some(box => box.value.split(/,\\s*/).includes(term))"""


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
    page = tab("/dream?size=128&steps=100&octaves=2")
    page.get_by_text(READY).wait_for()
    find_button(page, "Start").click()
    page.get_by_text(STEP).wait_for()
    page.get_by_text("as it is so far").wait_for()
    find_button(page, "Stop").click()  # the best result so far is enough
    find_slider(page).wait_for()
    download = wait_for_download(page)
    assert read_recipe(download).settings["steps"] == 100
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


def test_channels_are_visualized_used_and_dreamed(tab):
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

    first = toolbar.get_by_role("button").first
    first.click()
    term = f"block5_conv1:{first.inner_text().strip()}"
    page.wait_for_function(HAS_TERM, arg=term)
    find_button(page, "Start").click()
    find_slider(page).wait_for()
    assert term in read_recipe(wait_for_download(page)).settings["layers"]


def test_video_plays_and_downloads_with_its_recipe(tab):
    page = tab(f"/dream?{QUICK_SETTINGS}&zoom.on=true&zoom=3&zoom_steps=1")
    page.get_by_text("video of 3 frames").wait_for()
    find_button(page, "Start").click()
    page.locator("video").wait_for()
    video, beside = wait_for_download(page), wait_for_download(page, "Download recipe")
    assert video.suggested_filename.endswith(".mp4")
    assert beside.suggested_filename == video.suggested_filename + ".json"
    assert read_recipe(beside).settings["zoom"] == 3


def test_progress_stays_above_the_form_on_a_phone_and_layers_fit(tab, server):
    page = tab("/dream?size=128&steps=100", 390, 844)
    page.get_by_text("before the first step").wait_for()
    page.get_by_text("See the result").wait_for()
    wait_until_at_rest(page)
    assert has_no_overflow(page)
    find_button(page, "Start").click()
    stop, link = find_button(page, "Stop").first, page.get_by_text("See the result")
    stop.wait_for()
    link.wait_for(state="hidden")
    page.get_by_text("More", exact=True).first.scroll_into_view_if_needed()
    assert 0 <= stop.bounding_box()["y"] < 200
    stop.click()
    # The page scrolls to the result, and the link is away while that is in view.
    page.wait_for_function("document.body.classList.contains('has-stage-in-view')")
    page.get_by_text("Objective", exact=True).scroll_into_view_if_needed()
    link.wait_for()

    page.goto(f"{server}/dream?see=Layers+and+channels&layers=mixed4:71,mixed4&zoom.on=true")
    page.get_by_text("before the first step").wait_for()
    wait_until_at_rest(page)
    assert has_no_overflow(page)
