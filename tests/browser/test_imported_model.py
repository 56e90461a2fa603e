"""A Teachable Machine model in a real browser: import, rename, try, score, explain and export."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import teachable_zip
from PIL import Image

from . import strokes
from .elements import open_popover

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRAINING_IMAGES, TEST_IMAGES = 16, 12  # images
NAMES, NEW_NAMES = ("Meadow", "Sunset"), ("Grass", "Evening")
# Color range of each class; the image of Chromium's fake camera is green like grass.
COLORS = (((0, 100, 0), (80, 240, 80)), ((170, 20, 120), (255, 100, 220)))
EVIDENCE = re.compile("evidence for")
# The first camera frames are black, and headless Chromium may pause the camera.
IS_CAMERA_READY = """() => {
    const video = document.querySelector("video"), side = 8;
    if (video?.paused) video.play().catch(() => {});  // the camera may start again meanwhile
    if (!video || video.readyState < 2) return false;
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const drawn = canvas.getContext("2d");
    drawn.drawImage(video, 0, 0, side, side);
    return drawn.getImageData(0, 0, side, side).data.some((level, n) => n % 4 < 3 && level > 60);
}"""


def make_images(count: int, seed: int) -> list[np.ndarray]:
    """Returns images of both classes in turn, with different noise so that none counts as a copy."""
    rng = np.random.default_rng(seed)
    grounds = [rng.integers(*COLORS[n % 2]) for n in range(count)]
    grains = [rng.normal(0, rng.uniform(1, 30), (96, 96, 3)) for _ in grounds]
    noisy = [np.clip(ground + grain, 0, 255) for ground, grain in zip(grounds, grains, strict=True)]
    return [image.astype("uint8") for image in noisy]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> bytes:
    """The bytes of a `converted_keras.zip`."""
    training_images = make_images(TRAINING_IMAGES, 1)
    return teachable_zip.write_zip(
        training_images[::2], training_images[1::2], NAMES, tmp_path_factory.mktemp("teachable")
    )


def zip_held_out() -> bytes:
    """Returns a zip of images that the model was not trained on, in folders."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for n, image in enumerate(make_images(TEST_IMAGES, 2)):
            file.writestr(f"{NEW_NAMES[n % 2]}/{n}.png", encode_png(image))
    return body.getvalue()


def encode_png(image: np.ndarray) -> bytes:
    body = io.BytesIO()
    Image.fromarray(image).save(body, "PNG")
    return body.getvalue()


def import_model(page, data: bytes) -> None:
    """Drops the zip on the page, and waits for the names of its classes."""
    upload = {"name": "converted_keras.zip", "mimeType": "application/zip", "buffer": data}
    open_popover(page, "Import a model").locator("input[type=file]").set_input_files(upload)
    page.get_by_text(f"2 classes ({', '.join(NAMES)})").wait_for()


def rename_classes(page) -> None:
    """Renames the classes."""
    page.get_by_text("Class names").click()
    page.get_by_label("One name per line").fill("\n".join(NEW_NAMES))
    page.get_by_role("button", name="Use these names").click()
    page.get_by_text(f"2 classes ({', '.join(NEW_NAMES)})").wait_for()


def take_photo(page) -> None:
    """Takes a photo with the camera."""
    popover = open_popover(page, "Add your own")
    popover.get_by_text("Use the camera").click()
    page.wait_for_function(IS_CAMERA_READY)
    popover.get_by_role("button", name="Take photo").click()
    popover.wait_for(state="hidden")


def list_predictions(page) -> list[str]:
    """Returns the predictions for the image, most probable class first."""
    page.get_by_role("img", name=EVIDENCE).wait_for()
    page.get_by_test_id("stProgress").nth(len(NAMES) - 1).wait_for()  # the bars appear after the image
    return [element.strip() for element in page.get_by_test_id("stProgress").all_inner_texts()]


def change_preprocessing(page, expect) -> None:
    """Chooses another input range and back; each choice is stored with the model."""
    page.get_by_text("Preprocessing: -1 to 1 (the model is from Teachable Machine).").wait_for()
    for name in ("0 to 255", "-1 to 1"):
        option = page.get_by_role("radio", name=name)
        expect(option).to_have_count(1)  # while the page is redrawn, there are two
        option.click()
        page.get_by_text(f"Preprocessing: {name} (stored with the model).").wait_for()
    page.get_by_role("img", name=re.compile("evidence for “Grass”")).wait_for()


def evaluate(page) -> str:
    """Scores the model on held-out images; returns the accuracy."""
    page.get_by_role("tab", name="Evaluation").click()
    upload = {"name": "held-out.zip", "mimeType": "application/zip", "buffer": zip_held_out()}
    page.get_by_test_id("stTabs").locator("input[type=file]").set_input_files(upload)
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_text(f"of {TEST_IMAGES}", exact=False).first.wait_for()
    return page.get_by_test_id("stMetricValue").inner_text()


def export_tflite(page, folder: Path) -> tuple[Path, Path]:
    """Exports the model to TFLite; returns the file and the example program."""
    page.get_by_role("tab", name="Export").click()
    page.get_by_role("radio", name="TFLite").click()
    page.get_by_role("button", name="Export as TFLite").click()
    snippet = page.get_by_test_id("stCode").filter(has_text="allocate_tensors")
    snippet.wait_for()
    with page.expect_download() as download:
        page.get_by_test_id("stTabs").get_by_role("button", name="Download", exact=True).click()
    file, program = folder / "model.tflite", folder / "ask.py"
    download.value.save_as(file)
    program.write_text(snippet.locator("code").inner_text(), encoding="utf-8")
    return file, program


def run_program(program: Path, file: Path, image: Path) -> str:
    """Runs the program on an image, in this process, which has loaded TensorFlow; returns its output."""
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output):
        patch.setattr(sys, "argv", [str(program), str(file), str(image)])
        runpy.run_path(str(program), run_name="__main__")
    return output.getvalue()


def test_teachable_machine_zip_is_imported_tried_scored_and_exported_on_a_phone(
    phone_tab, expect, model, tmp_path
):
    page = phone_tab("/classify?half=Try")
    import_model(page, model)
    rename_classes(page)
    take_photo(page)
    page.get_by_role("img", name=re.compile("evidence for “Grass”")).wait_for()
    # For a moment the bars below the image are those of the image before.
    expect(page.get_by_test_id("stProgress").first).to_contain_text("Grass")  # Chromium's camera shows green
    assert len(list_predictions(page)) == 2
    change_preprocessing(page, expect)
    assert strokes.has_no_overflow(page)

    assert evaluate(page) == "100.0%"
    file, program = export_tflite(page, tmp_path)
    image = tmp_path / "evening.png"
    image.write_bytes(encode_png(make_images(2, 3)[1]))
    assert re.match(r"Evening: \d+\.\d%\nGrass: \d+\.\d%\n", run_program(program, file, image))
