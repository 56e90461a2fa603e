"""Cropping and rotating the selected image of an input."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pages.form import image_edit
from pages.widgets import keys
from studio.core.imaging import exif, image_io
from studio.core.tasks import File

from ..elements import press_button


def make_pixels(dtype: str, channels: int = 3) -> np.ndarray:
    """Returns an image of noise, `(40, 60, channels)`."""
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (40, 60, channels)).astype(dtype)


@pytest.mark.parametrize("dtype, channels", [("uint8", 3), ("uint8", 4), ("uint16", 3)])
def test_lossless_images_keep_their_levels_and_their_transparency(engine, dtype, channels):
    pixels = make_pixels(dtype, channels)
    file = File.store(image_io.encode_png(pixels), "image", "deep.png")
    assert np.array_equal(image_io.read_deep(image_edit.edit_file(file, np.rot90)), np.rot90(pixels))
    box = image_edit.Box(5, 10, 20, 30)
    assert np.array_equal(image_io.read_deep(image_edit.edit_file(file, box.crop)), pixels[5:25, 10:40])


def test_photos_stay_jpeg_files_with_the_texts_of_the_camera_and_are_turned_only_once(engine):
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Camera", 6  # the maker; to be turned by 90 degrees
    photo = image_io.encode_as(make_pixels("uint8"), ".jpg", tags.tobytes())
    data = image_edit.edit_file(File.store(photo, "image", "photo.JPG"), np.rot90)
    assert data[:2] == b"\xff\xd8" and image_io.read_upright_size(data) == (40, 60)
    assert "Camera" in exif.read_texts(exif.read(data)).values()


@pytest.mark.parametrize(
    "shares", [(0, 0, 1, 1), (0.5, 0.5, 0.5, 0.5), (1, 1, 0, 0), (0.003, 0.997, 0.997, 0.003)]
)
def test_a_crop_is_within_the_image(shares):
    box = image_edit._scale(shares, 40, 60)
    assert box.crop(make_pixels("uint8")).shape == (box.height, box.width, 3)


@pytest.mark.slow
def test_edits_replace_one_another_and_undo_leads_back_to_the_original(visit):
    page = visit("dream")
    page.session_state[keys.part("content", "edit")] = True
    page.run()

    def select(title: str) -> None:
        assert not page.exception
        [tiles] = [group for group in page.button_group if group.key == "content"]
        assert tiles.value == title
        edited = [option for option in tiles.options if "edited" in option]
        assert edited == ([title] if "edited" in title else [])

    select("Chelsea")
    press_button(page, "Rotate left")
    select("Chelsea edited")
    before = page.session_state[keys.part("content", "own")]["Chelsea edited"]
    press_button(page, "Rotate left")
    select("Chelsea edited 2")
    press_button(page, "Undo")
    select("Chelsea edited")
    assert page.session_state[keys.part("content", "own")]["Chelsea edited"] == before
    press_button(page, "Undo")
    select("Chelsea")


@pytest.mark.slow
def test_a_crop_that_is_too_narrow_is_an_error(visit):
    page = visit("dream")
    page.session_state[keys.part("content", "edit")] = True
    page.run()
    [across] = [slider for slider in page.slider if slider.label == "From left to right"]
    across.set_value((50, 51)).run()
    press_button(page, "Crop")
    assert "sides of at least 8 px" in page.error[0].value
    [tiles] = [group for group in page.button_group if group.key == "content"]
    assert tiles.value == "Chelsea"
