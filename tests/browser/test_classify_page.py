"""The Classify page in a real browser: from an archive of images to a prediction."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageDraw

from .elements import find_button

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IMAGES_PER_CLASS = 12
SIDE = 64  # px; small, so that training takes seconds on a busy machine
CLASSES = ("<i>round</i>", "square")  # as users name folders


@pytest.fixture
def open_training(tab, server_home):
    """Opens the page for one's own images."""
    if not list(server_home.glob("weights/resnet50-*")):
        pytest.skip("no weights of ResNet50 within reach")
    return tab(f"/classify?images=Your+own&size={SIDE}")


def draw_image(kind: str, rng: np.random.Generator) -> bytes:
    """Returns a zip of images with a spot or a box in a random color."""
    ground, ink = (tuple(map(int, color)) for color in rng.integers(0, 256, (2, 3)))
    image = Image.new("RGB", (96, 96), ground)
    left, top = map(int, rng.integers(8, 30, 2))
    box = (left, top, left + 50, top + 50)
    draw = ImageDraw.Draw(image)
    (draw.rectangle if kind == "square" else draw.ellipse)(box, ink)
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def zip_images() -> bytes:
    rng, packed = np.random.default_rng(3), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for kind in CLASSES:
            for n in range(IMAGES_PER_CLASS):
                file.writestr(f"{kind.replace('/', '_')}/{n}.png", draw_image(kind, rng))
    return packed.getvalue()


def test_classifier_is_trained_from_images_and_tried(open_training):
    page = open_training
    page.locator("input[type=file]").first.set_input_files(
        {"name": "shapes.zip", "mimeType": "application/zip", "buffer": zip_images()}
    )
    page.get_by_text(f"{2 * IMAGES_PER_CLASS} images in 2 classes").wait_for()
    find_button(page, "Train").click()
    find_button(page, "Make again").wait_for()
    page.get_by_text(re.compile(r"confidence interval of the accuracy")).wait_for()

    cell = page.get_by_role("button", name=re.compile(r"^square classified (correctly|as)")).first
    assert page.locator("th i").count() == 0, "names of classes are text, not markup"
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_text(re.compile(r"highest confidence first")).wait_for()
    assert cell.get_attribute("aria-pressed") == "true"
    page.get_by_role("img", name=re.compile(r"% confidence$")).first.wait_for()

    page.get_by_role("tab", name="Try it").click()
    page.get_by_role("img", name=re.compile("evidence for")).wait_for()
    bars = page.get_by_test_id("stProgress").all_inner_texts()
    assert len(bars) == 2 and all(re.search(r"\d+\.\d%", element) for element in bars)
    page.get_by_role("radio", name="Overlaid").click()
    page.get_by_text("Class to explain").wait_for()

    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_label("Name of the model").fill("Shapes of mine")
    find_button(page, "Keep as model").click()
    page.get_by_text(re.compile("Classes: .*square")).wait_for()
    page.wait_for_url(re.compile("half=Try"))
