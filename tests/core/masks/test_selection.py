"""Masks of persons, backgrounds and faces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.masks import selection as selecting
from studio.core.masks.selection import select
from studio.core.masks.settings import SELECTIONS

FACE, TORSO, WALL, ROCKET = (0.24, 0.42), (0.7, 0.4), (0.05, 0.2), (0.3, 0.83)  # y and x in the photo


@pytest.fixture(autouse=True)
def networks(weights_home):
    """The weights of the networks."""


@pytest.fixture(scope="module")
def portrait():
    return sample_photos.read_photo("astronaut")


def read_at(mask, *points):
    height, width = mask.shape
    return [round(float(mask[int(y * height), int(x * width)]), 1) for y, x in points]


def test_person_and_background_are_complements(portrait):
    person = select(portrait, "person")
    assert person.shape == portrait.shape[:2] and person.dtype == np.float32
    assert person.min() >= 0 and person.max() <= 1
    assert read_at(person, FACE, TORSO, WALL, ROCKET) == [1, 1, 0, 0]
    np.testing.assert_allclose(select(portrait, "background"), 1 - person)


def test_the_mask_is_stretched_like_the_photo(portrait):
    wide = image_io.resize(portrait, 200, 400)
    person = select(wide, "person")
    assert person.shape == (200, 400)
    assert read_at(person, FACE, TORSO, WALL, ROCKET) == [1, 1, 0, 0]


def test_a_face_is_an_ellipse_with_a_soft_edge(portrait):
    face = select(portrait, "face")
    assert read_at(face, FACE, TORSO, WALL) == [1, 0, 0]
    rows, columns = np.nonzero(face > 0.5)
    assert rows.min() < 50 and 175 < rows.max() < 190, "from the hair to the chin"
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert (face > 0.5).sum() == pytest.approx(np.pi / 4 * height * width, rel=0.02)
    assert ((face > 0.1) & (face < 0.9)).sum() > 500


def test_a_feather_softens_the_edge_and_keeps_the_area(portrait):
    sharp, soft = select(portrait, "face"), select(portrait, "face", feather=0.03)
    edge_sharp, edge_soft = (((mask > 0.1) & (mask < 0.9)).sum() for mask in (sharp, soft))
    assert edge_soft > 2 * edge_sharp
    assert soft.mean() == pytest.approx(sharp.mean(), rel=0.03)


def test_an_inverted_mask_selects_everything_else(portrait):
    np.testing.assert_allclose(select(portrait, "face", invert=True), 1 - select(portrait, "face"))


@pytest.mark.parametrize("what, noun", [("person", "person"), ("background", "person"), ("face", "face")])
def test_a_photo_of_nobody_is_refused(what, noun):
    with pytest.raises(InvalidInput, match=rf"^No {noun} found\. Paint the mask\.$"):
        select(sample_photos.read_photo("rocket"), what)


def test_an_empty_mask_can_be_allowed():
    photo = sample_photos.read_photo("rocket")
    assert not select(photo, "person", allow_empty=True).any()
    assert not select(photo, "face", allow_empty=True).any()
    assert select(photo, "background", allow_empty=True).all()


def test_an_unknown_selection_is_refused(portrait):
    with pytest.raises(InvalidInput, match="person"):
        select(portrait, "persons")


@pytest.mark.parametrize("size", [(8, 8), (8, 160), (160, 8)])
def test_small_and_narrow_photos_are_accepted(size):
    photo = np.full((*size, 3), 128, "uint8")
    assert {select(photo, what, allow_empty=True).shape for what in SELECTIONS} == {size}


def test_digests_are_those_of_the_index(portrait):
    assert selecting.read_digests("background") == {
        "selfie-segmentation": "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27"
    }
    assert set(selecting.read_digests("face")) == {"face-detection", "face-detection-short"}


@pytest.mark.slow
def test_selecting_loads_no_keras():
    code = (
        "import sys; from studio.core.imaging import sample_photos as photos; "
        "from studio.core.masks.selection import select; "
        "select(photos.read_photo('astronaut'), 'person'); print('keras' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
