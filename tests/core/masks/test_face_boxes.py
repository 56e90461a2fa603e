"""The boxes of faces in photos, and how boxes of the same face are merged."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.imaging import image_io, sample_photos
from studio.core.masks import face_boxes

BOX = (0.339, 0.133, 0.546, 0.341)  # of the astronaut's face, as shares of the sides


@pytest.fixture(autouse=True)
def networks(weights_home):
    """The weights of the networks."""


def read_photo(name="astronaut", longest=512):
    return image_io.fit(sample_photos.read_photo(name), longest)


@pytest.mark.parametrize("longest", [160, 512, 1000])
def test_the_face_of_a_portrait_is_found_at_any_size(longest):
    [box] = face_boxes.find_faces(read_photo(longest=longest))
    np.testing.assert_allclose(box / longest, BOX, atol=0.02)
    assert box.dtype == np.float32


def test_boxes_are_in_pixels_of_a_photo_that_is_not_square():
    wide = np.zeros((600, 1200, 3), "uint8")
    wide[50:562, 640:1152] = read_photo()
    [box] = face_boxes.find_faces(wide)
    np.testing.assert_allclose(box, np.array(BOX) * 512 + [640, 50, 640, 50], atol=20)


def test_two_faces_have_two_boxes():
    pair = np.concatenate([read_photo(longest=256), read_photo(longest=256)[:, ::-1]], axis=1)
    left, right = sorted(face_boxes.find_faces(pair).tolist())
    assert left[2] < 256 < right[0]
    assert 512 - right[0] == pytest.approx(left[2], abs=10)


def test_a_face_that_fills_the_photo_is_found():
    closeup = read_photo()[75:180, 170:285]
    assert not len(face_boxes._detect(face_boxes._FULL, closeup, face_boxes._MIN_SCORE))
    [box] = face_boxes.find_faces(closeup)
    np.testing.assert_allclose(box, np.array(BOX) * 512 - [170, 75, 170, 75], atol=8)


@pytest.mark.parametrize("name", ["chelsea", "rocket", "coffee", "hubble_deep_field"])
def test_photos_without_a_face_have_no_boxes(name):
    assert face_boxes.find_faces(read_photo(name)).shape == (0, 4)


def test_anchors_are_the_centers_of_the_cells_of_each_map():
    short, full = face_boxes._SHORT.make_anchors(), face_boxes._FULL.make_anchors()
    assert short.shape == (896, 2) and full.shape == (2304, 2)
    np.testing.assert_allclose(
        short[[0, 1, 2, 511, 512, 895]] * 128,
        4 + 8 * np.array([[0, 0], [0, 0], [1, 0], [15, 15], [0.5, 0.5], [14.5, 14.5]]),
    )
    np.testing.assert_allclose(full[[0, 1, 48]] * 192, [[2, 2], [6, 2], [2, 6]])


def test_boxes_of_one_face_become_their_weighted_mean():
    boxes = np.array([[0, 0, 10, 10], [100, 0, 110, 10], [2, 0, 12, 10]], "float32")
    merged = face_boxes.merge_boxes(boxes, np.array([0.9, 0.95, 0.6], "float32"))
    np.testing.assert_allclose(merged, [[100, 0, 110, 10], [0.8, 0, 10.8, 10]], atol=1e-5)


def test_overlap_is_the_intersection_over_union():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], "float32")
    np.testing.assert_allclose(face_boxes.compute_overlaps(boxes[0], boxes), [1, 1 / 3, 0])
