"""Thumbnails of files of each kind."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, thumbnails, video_codecs, video_encoder
from studio.core.models import cards, model_folder
from studio.core.tasks import File


def test_texts_models_and_data_sets_have_distinct_thumbnails(home):
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
def test_a_model_shows_its_card_image_only_from_an_uncompressed_zip(home, image, method):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        file.writestr(model_folder.IMAGE, image_io.encode_png(image))
    thumbnail = thumbnails.make_image(File.store(packed.getvalue(), "model", "m.zip"))
    assert np.array_equal(thumbnail, image) == (method == zipfile.ZIP_STORED)


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_the_thumbnail_of_a_video_is_its_first_frame(home, kind):
    shades = [np.full((48, 64, 3), shade, "uint8") for shade in (30, 230)]
    thumbnail = thumbnails.make_image(
        File.store(video_encoder.encode(shades, kind, 5), "animation", f"a.{kind}")
    )
    assert np.abs(thumbnail.astype(int) - 30).max() < 12


def test_a_thumbnail_is_small_and_keeps_its_proportions(image):
    thumbnail = image_io.read(thumbnails.encode(np.tile(image, (20, 20, 1))))
    assert thumbnail.shape == (192, 256, 3)


def test_a_damaged_video_is_refused(home):
    with pytest.raises(InvalidInput):
        thumbnails.make_image(File.store(b"\0\0\0\x18ftypisom", "animation", "a.mp4"))


def test_the_thumbnail_of_a_card_shows_the_samples_without_curves(home):
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
    assert (thumbnail[:, -2:] > 250).all(), "the curves to the right are cropped at the gap"
