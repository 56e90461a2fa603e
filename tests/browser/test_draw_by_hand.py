"""Classes from files and from the camera: trained, evaluated and tried on the camera, in a real browser."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from .conftest import PHONE
from .elements import find_button, wait_until_at_rest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIDE = 64  # px; small, so that training takes seconds on a busy machine


@pytest.fixture
def open_classes(tab, server_home):
    """Opens the page for classes by hand, with the smallest network."""
    if not list(server_home.glob("weights/efficientnet-lite0-*")):
        pytest.skip("no weights of EfficientNet-Lite0 within reach")
    return tab(f"/classify?images=By+hand&size={SIDE}")


def make_uploads(count: int) -> list[dict]:
    """Returns images unlike Chromium's test camera, which is green."""
    rng, files = np.random.default_rng(0), []
    for n in range(count):
        body = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (80, 80, 3), "uint8")).save(body, "PNG")
        files.append({"name": f"{n}.png", "mimeType": "image/png", "buffer": body.getvalue()})
    return files


def test_classifier_is_trained_from_files_and_camera_tried_live_and_shared(
    open_classes, browser, expect, tmp_path
):
    page = open_classes
    page.get_by_label("Name of class 1").fill("noise")
    page.get_by_label("Name of class 1").press("Enter")
    page.locator(".st-key-hand_1 input[type=file]").set_input_files(make_uploads(8))
    page.locator(".st-key-hand_1").get_by_text("8 images", exact=True).wait_for()

    camera = page.locator(".st-key-hand_2")
    camera.get_by_role("button", name="Camera", exact=True).click()
    hold = camera.get_by_role("button", name="Hold to record")
    expect(hold).to_be_enabled()
    hold.hover()
    page.mouse.down()
    expect(camera.get_by_role("status")).to_have_text(re.compile(r"^([6-9]|\d\d) images"))
    page.mouse.up()
    hold.press("Enter")  # also with the keyboard
    expect(camera.get_by_role("status")).to_have_text("1 image")

    use = page.get_by_role("button", name=re.compile("^Use these"))
    expect(use).to_have_count(1)  # a rerun shows the old button, too, until it ends
    use.click()
    find_button(page, "Train").click()
    find_button(page, "Make again").wait_for()

    cell = page.get_by_role("button", name=re.compile(r"^noise classified (correctly|as)")).first
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"highest confidence first")).wait_for()
    expect(cell).to_have_attribute("aria-pressed", "true")
    page.get_by_role("img", name=re.compile(r"% confidence$")).first.wait_for()

    page.get_by_role("tab", name="Try it").click()
    page.get_by_text("Live on the camera").click()
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_enabled()
    start.click()
    bars = page.get_by_test_id("stProgress")
    expect(bars).to_have_count(2)
    # The camera's image moves, so single frames may be less certain.
    expect(bars.filter(has_text="Class 2")).to_have_text(re.compile(r"([5-9]\d|100)\.\d%"))

    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Live on the camera").click()
    expect(page.locator("video")).to_have_count(0)

    find_button(page, "Share").click()
    download = page.get_by_role("button", name=re.compile(r"^Download the page \(1\d MB\)$"))
    download.wait_for()
    with page.expect_download() as info:
        download.click()
    file = tmp_path / info.value.suggested_filename
    info.value.save_as(file)
    assert file.name == "noise, Class 2.html"
    check_offline(browser, file, make_uploads(1)[0], expect)


def check_offline(browser, file, photo, expect):
    """Opens a shared page in another browser without a network, which classifies a photo of noise there."""
    context = browser.new_context(viewport=PHONE)
    context.set_offline(True)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        page.get_by_label("Choose a photo").set_input_files(photo)
        expect(page.get_by_label("Probabilities").get_by_role("listitem").first).to_contain_text("noise")
        expect(page.get_by_text(re.compile(r"^noise, \d+\.\d%$"))).to_be_visible()
    finally:
        context.close()


def test_train_is_in_view_on_a_phone_once_the_images_are_used(phone_tab, expect):
    page = phone_tab(f"/classify?images=By+hand&backbone=efficientnet-lite0&size={SIDE}")
    expect(page.get_by_role("radio", name="By hand Camera or files")).to_be_checked()
    files = make_uploads(16)
    for number, images in ((1, files[:8]), (2, files[8:])):
        card = page.locator(f".st-key-hand_{number}")
        card.locator("input[type=file]").set_input_files(images)
        card.get_by_text("8 images", exact=True).wait_for()
    use = page.get_by_role("button", name=re.compile("^Use these 16"))
    expect(use).to_have_count(1)
    use.tap()
    find_button(page, "Change").wait_for()
    wait_until_at_rest(page)
    page.locator(".st-key-before_training").wait_for()
    expect(page.get_by_text("See the result")).to_be_hidden()  # there is none yet
    expect(find_button(page, "Train")).to_be_in_viewport(ratio=1)
    expect(find_button(page, "Change")).to_be_in_viewport(ratio=1)
