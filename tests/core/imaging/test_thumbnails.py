"""Thumbnails of files of each kind."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import animations, image_io, thumbnails
from studio.core.models import cards, model_folder
from studio.core.tasks import File


def test_a_text_a_model_and_a_data_set_have_images_that_stand_for_them(home):
    files = [
        File.store(b"the fox\n" * 900, "text", "fox.txt"),
        File.store(b"an owl\n" * 900, "text", "owl.txt"),
        File.store(b"a zip", "model", "fox.zip"),
        File.store(b"arrays", "dataset", "faces.npz"),
    ]
    images = [thumbnails.make_image(file) for file in files]
    assert {image.shape for image in images} == {(thumbnails.SIDE, thumbnails.SIDE, 3)}
    assert len({image.tobytes() for image in images}) == 4


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_model_shows_the_image_of_its_card_unless_it_is_packed_otherwise_than_ours(home, image, method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        file.writestr(model_folder.IMAGE, image_io.encode_png(image))
    thumbnail = thumbnails.make_image(File.store(packed.getvalue(), "model", "m.zip"))
    assert np.array_equal(thumbnail, image) == (method == zipfile.ZIP_STORED)


@pytest.mark.parametrize("kind", animations.KINDS)
def test_a_video_is_its_first_frame(home, kind):
    shades = [np.full((48, 64, 3), shade, "uint8") for shade in (30, 230)]
    thumbnail = thumbnails.make_image(
        File.store(animations.encode(shades, kind, 5), "animation", f"a.{kind}")
    )
    assert np.abs(thumbnail.astype(int) - 30).max() < 12


def test_a_thumbnail_is_small_and_keeps_its_proportions(image):
    thumbnail = image_io.read(thumbnails.encode(np.tile(image, (20, 20, 1))))
    assert thumbnail.shape == (192, 256, 3)


def test_a_damaged_video_is_told(home):
    with pytest.raises(InvalidInput):
        thumbnails.make_image(File.store(b"\0\0\0\x18ftypisom", "animation", "a.mp4"))


def test_of_a_card_all_that_the_model_makes_is_shown_and_no_curves(home):
    green, packed = np.full((64, 64, 3), (0, 200, 0), "uint8"), io.BytesIO()
    card = cards.draw_image(green, [1, 2], {"style": [0.5, 0.4], "content": [1.0, 0.9]})
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(model_folder.IMAGE, card)
    file = File.store(packed.getvalue(), "model", "m.zip")
    full_card, thumbnail = thumbnails.make_image(file, full_card=True), thumbnails.make_image(file)
    assert np.array_equal(full_card, image_io.read(card))
    # WebP changes colors a little, most of all at the edges.
    greens = [
        np.count_nonzero((np.abs(image - np.array((0, 200, 0))) < 40).all(-1))
        for image in (full_card, thumbnail)
    ]
    assert greens[0] == greens[1] > 0.4 * thumbnail.shape[0] * thumbnail.shape[1]
    assert (thumbnail[:, -2:] > 250).all(), "what stands right of it is cut off in the gap"
