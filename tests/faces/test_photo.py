"""The square of a photo: where it is wanted, or around a face."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.pictures import images, sample_photos
from studio.faces.photo import face, square


@pytest.mark.parametrize(
    "share, x, y, rows, columns",
    [
        (1, 0.5, 0.5, (0, 40), (10, 50)),
        (0, 0.5, 0.5, (0, 40), (10, 50)),
        (1, 0, 1, (0, 40), (0, 40)),
        (0.5, 1, 0, (0, 20), (40, 60)),
    ],
)
def test_a_square_is_taken_where_it_is_wanted(share, x, y, rows, columns):
    photo = (np.arange(40 * 60 * 3) % 251).astype("uint8").reshape(40, 60, 3)
    assert np.array_equal(square(photo, share, x, y), photo[slice(*rows), slice(*columns)])


@pytest.mark.parametrize("longest", [300, 512, 900])
def test_a_face_is_found_and_taken(longest):
    photo = images.fit(sample_photos.photo("astronaut"), longest)
    top, left, side = (value / longest for value in face(photo))
    assert top < 0.2 < top + side, "her eyes"
    assert left < 0.44 < left + side, "her nose"
    assert 0.15 < side < 0.3
    assert square(photo, 0, 0.5, 0.5).shape[0] == round(side * longest)


def test_a_cat_is_taken_whole():
    photo = sample_photos.photo("chelsea")
    assert face(photo) is None
    assert square(photo, 0, 0.5, 0.5).shape[0] == photo.shape[0]


def test_a_face_at_the_edge_stays_within_the_photo():
    photo = sample_photos.photo("astronaut")[:190, 150:300]
    found = square(photo, 0, 0.5, 0.5)
    assert found.shape[0] == found.shape[1] < 150
