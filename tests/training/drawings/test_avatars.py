"""Avatars are deterministic, differ from each other, and match their attributes."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.progress import Progress
from training.drawings import avatars
from training.drawings.avatars import looks
from training.drawings.data_sets import draw_data_set

MOUTH = np.s_[32:46, 20:44]
EYES = np.s_[24:38, 16:48]
CROWN = np.s_[0:24, 12:52]
CHIN = np.s_[28:50, 14:50]
SIDES = np.s_[34:60, 8:56]


@pytest.fixture(scope="module")
def collection():
    return draw_data_set("avatars", 240, seed=1)


@pytest.fixture
def draw_face(monkeypatch):
    """Draws the face of a seed with some attributes changed."""
    choose = looks.choose

    def draw(seed, **changes):
        plain = {"hat": "", "glasses": "", "beard": "", "style": "parted", "tilt": 0.0, "turn": 0.0}
        monkeypatch.setattr(looks, "choose", lambda rng: dataclasses.replace(choose(rng), **plain | changes))
        return avatars.draw(np.random.default_rng(seed))[0].astype(int)

    return draw


def split_collection(collection):
    """Returns the images of a collection, and its attributes."""
    return collection["images"], {name: values for name, values in collection.items() if name != "images"}


def measure_difference(one, other):
    """Returns the absolute difference of two images, `(64, 64)`."""
    return np.abs(one - other).mean(-1)


@pytest.mark.slow
def test_images_and_attributes_have_expected_types_and_ranges(collection):
    images, facts = split_collection(collection)
    assert images.shape == (240, 64, 64, 3) and images.dtype == np.uint8
    assert tuple(facts) == avatars.FACTS
    assert all(values.shape == (240,) and values.dtype == np.float32 for values in facts.values())
    assert -1 <= facts["smile"].min() < -0.8 and 0.8 < facts["smile"].max() <= 1
    assert facts["hair_length"].min() == 0 and 0.9 < facts["hair_length"].max() <= 1
    assert all(set(facts[name]) == {0, 1} for name in ("glasses", "hat", "beard"))


def test_every_attribute_is_common_enough_to_be_learned(collection):
    _, facts = split_collection(collection)
    assert all(0.2 < facts[name].mean() < 0.45 for name in ("glasses", "hat", "beard"))
    assert 0.35 < (facts["smile"] > 0).mean() < 0.65
    faces = [looks.choose(np.random.default_rng(n)) for n in range(400)]
    for field, kinds in (
        ("style", looks.SHORT | looks.LONG),
        ("hat", looks.HATS),
        ("glasses", looks.GLASSES),
    ):
        assert {getattr(look, field) for look in faces} - {""} == set(kinds)
    assert len(looks.SHORT | looks.LONG) >= 8


def test_faces_depend_on_the_seed_but_not_on_their_number(collection):
    again, other = (draw_data_set("avatars", 6, seed=seed) for seed in (1, 2))
    assert all(np.array_equal(again[name], collection[name][:6]) for name in collection)
    assert not np.array_equal(again["images"], other["images"])


def test_faces_differ_from_each_other(collection):
    flat = collection["images"][:100].reshape(100, -1).astype("float32") / 255
    distances = np.sqrt(((flat[:, None] - flat[None]) ** 2).mean(-1))[np.triu_indices(100, 1)]
    assert distances.min() > 0.08 and np.median(distances) > 0.22


def test_no_face_is_cropped_or_empty(collection):
    images = collection["images"]
    background = images[:, 0, 0][:, None, None]
    painted = (np.abs(images.astype(int) - background).sum(-1) > 24).mean((1, 2))
    assert painted.min() > 0.3 and painted.max() < 0.85
    edges = np.concatenate([images[:, :30, 0], images[:, :30, -1]], axis=1)
    assert (np.abs(edges.astype(int) - background[:, 0]).sum(-1) > 24).mean() < 0.01


@pytest.mark.parametrize("mouth", [0.0, 0.8])
def test_a_smile_changes_the_mouth_but_not_the_clothes(draw_face, mouth):
    for seed in range(5):
        sad, glad = draw_face(seed, smile=-0.9, mouth_open=0.0), draw_face(seed, smile=0.9, mouth_open=mouth)
        changed = measure_difference(sad, glad)
        assert changed[MOUTH].mean() > 1.5
        assert changed[50:].max() == 0  # clothes do not change with the mood


def test_corners_of_a_smile_are_above_its_middle(draw_face):
    """For closed mouths: relative to a face without a mouth, the corners rise with the smile."""
    heights = {}
    for smile in (-0.9, 0.9):
        changed = measure_difference(
            draw_face(3, smile=smile, mouth_open=0.0, lips=0.0),
            draw_face(3, smile=0.0, mouth_open=0.0, lips=0.0),
        )
        rows = np.arange(32, 46)[:, None]
        part = changed[32:46]
        corners, middle = np.r_[24:28, 36:40], np.r_[30:34]
        place = [(rows * part[:, side]).sum() / part[:, side].sum() for side in (corners, middle)]
        heights[smile] = place[1] - place[0]  # height of the corners above the center, in px
    assert heights[0.9] > heights[-0.9] + 1


@pytest.mark.parametrize(
    "change, where",
    [
        *(({"glasses": name}, EYES) for name in looks.GLASSES),
        *(({"hat": name}, CROWN) for name in looks.HATS),
        *(({"beard": name}, CHIN) for name in looks.BEARDS),
    ],
    ids=str,
)
def test_each_accessory_changes_its_own_area_of_the_face(draw_face, change, where):
    changed = measure_difference(draw_face(4, style="buzz"), draw_face(4, style="buzz", **change))
    assert changed[where].mean() > 1.2
    assert changed[where].sum() > 0.6 * changed.sum()


@pytest.mark.parametrize("style", ["bob", "fringe", "long", "waves", "tail", "bunches"])
def test_longer_hair_hangs_lower(draw_face, style):
    changed = measure_difference(
        *(draw_face(4, style=style, length=length) for length in looks.LENGTHS[style])
    )
    assert changed[SIDES].mean() > 0.5
    assert changed[SIDES].sum() > 0.6 * changed.sum()


def test_all_hair_styles_differ(draw_face):
    faces = {style: draw_face(7, style=style, length=most) for style, (_, most) in looks.LENGTHS.items()}
    assert set(faces) == {*looks.SHORT, *looks.LONG}
    for (first, face), (two, second) in itertools.combinations(faces.items(), 2):
        assert measure_difference(face, second).mean() > 0.7, (first, two)


def test_any_size_shows_the_same_face():
    small, facts = avatars.draw(np.random.default_rng(5))
    large, same = avatars.draw(np.random.default_rng(5), size=128)
    assert large.shape == (128, 128, 3) and same == facts
    halved = large.reshape(64, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(halved - small).mean() < 3


def test_progress_is_reported_and_can_be_canceled():
    reports = []
    draw_data_set("avatars", 3, 0, Progress(reports.append))
    assert [(report.step, report.total) for report in reports] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(Cancelled):
        draw_data_set("avatars", 10**9 // 10**6, 0, Progress(cancelled=lambda: True))


def test_importing_loads_no_large_packages():
    code = (
        "import sys; from training.drawings import avatars;"
        "sys.exit(any(module in sys.modules for module in ('keras', 'scipy', 'skimage')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
