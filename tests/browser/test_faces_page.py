"""The Faces page in a real browser: a grid, and one face that a slider changes."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import tiny_dcgan
from PIL import Image
from waiting import wait_until

VISIBLE_DIFFERENCE = 2.0  # mean absolute error of 255 that a user sees
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def model(server_home):
    """The title of a small model on the server."""
    folder = server_home / "presets" / "strokes"
    if not folder.exists():
        tiny_dcgan.make(folder)
    return "Strokes"


def find_buttons(page):
    return page.get_by_role("radiogroup", name="The images, by number").get_by_role("radio")


def read_pixels(page, name):
    """Returns the pixels of an image on the page, `(h, w, 3)`."""
    element = page.get_by_role("img", name=name, exact=True)
    element.wait_for()
    page.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=element.element_handle())
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype("float32")


def test_face_of_the_grid_is_opened_by_keyboard_changed_and_enlarged(tab, model, expect):
    page = tab(f"/faces?what={model}&n=16")
    find_buttons(page).nth(15).wait_for()
    expect(find_buttons(page)).to_have_count(16)
    shots = [Image.open(io.BytesIO(find_buttons(page).nth(n).screenshot())).convert("RGB") for n in range(16)]
    find_buttons(page).nth(2).focus()
    page.keyboard.press("Enter")
    before = read_pixels(page, "Image 3")
    large = Image.fromarray(before.astype("uint8"))
    inner = [np.asarray(shot.resize((32, 32)).crop((4, 4, 28, 28)), "float32") for shot in shots]
    expected = np.asarray(large.resize((32, 32)).crop((4, 4, 28, 28)), "float32")
    distances = [np.abs(image - expected).mean() for image in inner]
    assert int(np.argmin(distances)) == 2

    slider = page.get_by_role("slider", name="Direction 1")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    wait_until(lambda: np.abs(read_pixels(page, "Image 3") - before).mean() >= VISIBLE_DIFFERENCE)
    page.wait_for_url(re.compile("move_direction-1=2"))

    page.get_by_role("button", name="View Image 3 large").click()
    box = page.get_by_role("dialog")
    expect(box.get_by_role("slider", name="Before and after")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.get_by_role("dialog", name="Image 4, large").wait_for()
    expect(box.get_by_role("slider", name="Before and after")).to_be_hidden()  # this face has no changes
    page.wait_for_url(re.compile("face=4"))
    page.keyboard.press("PageUp")
    page.get_by_role("dialog", name="Image 3, large").wait_for()
