"""The square crop of a photo: where the user wants it, or around a face."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.masks import face_boxes
from studio.core.tasks import File
from studio.faces import draw, models, subject
from studio.faces.photo import crop_square, detect_face
from studio.faces.settings import FacesSettings


@pytest.mark.parametrize(
    "share, x, y, rows, columns",
    [
        (1, 0.5, 0.5, (0, 40), (10, 50)),
        (0, 0.5, 0.5, (0, 40), (10, 50)),
        (1, 0, 1, (0, 40), (0, 40)),
        (0.5, 1, 0, (0, 20), (40, 60)),
    ],
)
def test_a_square_is_cropped_at_the_set_position(weights_home, share, x, y, rows, columns):
    photo = (np.arange(40 * 60 * 3) % 251).astype("uint8").reshape(40, 60, 3)
    assert np.array_equal(crop_square(photo, share, x, y), photo[slice(*rows), slice(*columns)])


@pytest.mark.parametrize("longest", [300, 512, 900])
def test_a_detected_face_is_cropped(weights_home, longest):
    photo = image_io.fit(sample_photos.read_photo("astronaut"), longest)
    top, left, side = (value / longest for value in detect_face(photo))
    assert top < 0.2 < top + side, "her eyes"
    assert left < 0.44 < left + side, "her nose"
    assert 0.15 < side < 0.3
    assert crop_square(photo, 0, 0.5, 0.5).shape[0] == round(side * longest)


def test_a_cat_is_cropped_to_the_largest_square(weights_home):
    photo = sample_photos.read_photo("chelsea")
    assert detect_face(photo) is None
    assert crop_square(photo, 0, 0.5, 0.5).shape[0] == photo.shape[0]


def test_a_face_at_the_edge_stays_within_the_photo(weights_home):
    photo = sample_photos.read_photo("astronaut")[:190, 150:300]
    crop = crop_square(photo, 0, 0.5, 0.5)
    assert crop.shape[0] == crop.shape[1] < 150


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, crop, preset, warned",
    [
        ("astronaut", 0, "faces-vae", False),
        ("camera", 0, "faces-vae", False),
        ("coffee", 0.5, "faces-vae", True),
        ("coffee", 0, "digits-vae", True),
    ],
)
def test_a_photo_unlike_the_training_images_gives_a_warning(weights_home, name, crop, preset, warned):
    result = encode_photo(name, crop=crop, preset=preset)
    notes = " ".join(result.figures.get("notes", ()))
    assert ("No face was found in this photo" in notes) == warned
    assert image_io.read(result.files[0].read()).shape[2] == 3
    assert ("face-detection" in result.recipe.weights) == (not crop)


@pytest.mark.slow
def test_a_photo_without_a_face_is_refused_for_a_generator_of_faces(weights_home):
    with pytest.raises(InvalidInput, match=r"^No face found\."):
        encode_photo("coffee", crop=0, preset="faces-vae")


def encode_photo(name, **settings):
    file = File.store(image_io.encode_png(sample_photos.read_photo(name)), "image", f"{name}.png")
    return tasks.run("faces.draw", FacesSettings(face=1, n=1, enhance=False, **settings), {"photo": [file]})


def test_a_model_without_a_stored_error_gives_no_warning(tiny):
    generator = models.load_generator(FacesSettings(preset=tiny), {})
    assert generator.reconstruction_error is None
    assert not draw.warn_if_unlike(generator, sample_photos.read_photo("coffee"))


def test_a_photo_is_searched_for_faces_once(tiny, weights_home, monkeypatch):
    searched = []
    find_faces = face_boxes.find_faces
    monkeypatch.setattr(face_boxes, "find_faces", lambda photo: searched.append(photo) or find_faces(photo))
    generator = models.load_generator(FacesSettings(preset=tiny), {})
    photo = sample_photos.read_photo("astronaut")
    prepared = subject.prepare_photo(generator, FacesSettings(), photo)
    assert len(searched) == 1
    assert np.array_equal(prepared.crop, crop_square(photo, 0, 0.5, 0.5))
    assert not prepared.note and "face-detection" in prepared.weights
