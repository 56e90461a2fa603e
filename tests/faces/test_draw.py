"""Grids, single faces, neighbors, interpolations and photos, and their sizes."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_faces

from studio.core.errors import InvalidInput
from studio.core.progress import Progress
from studio.faces import draw, models
from studio.faces.settings import FacesSettings


@pytest.fixture
def generator():
    return tiny_faces.generator(directions=tiny_faces.directions())


def ask(**settings) -> FacesSettings:
    return FacesSettings.parse(settings)


def test_a_face_is_the_one_of_the_grid_however_many_there_are(generator):
    grid = draw.points(generator, ask(n=20, seed=3))
    assert grid.shape == (20, tiny_faces.DIM)
    assert np.array_equal(draw.points(generator, ask(n=7, seed=3)), grid[:7])
    assert np.array_equal(draw.points(generator, ask(n=3, face=15, seed=3)), grid[14:15])


def test_moves_change_a_face_and_a_grid_alike(generator):
    for change in ({"face": 4}, {"n": 5}, {"face": 1, "to": 2, "n": 5}, {"n": 5, "near": [2]}):
        plain = draw.points(generator, ask(**change))
        moved = draw.points(generator, ask(moves=["older=1.5", "change-1=-2"], **change))
        assert np.allclose(moved - plain, [1.5, -2, 0, 0, 0, 0], atol=1e-6)


def test_more_like_one_begins_with_it_and_goes_on_from_there(generator):
    grid = draw.points(generator, ask())
    near = draw.points(generator, ask(near=[5], n=8))
    assert np.array_equal(near[0], grid[4])
    distance = np.linalg.norm(near[1:] - grid[4], axis=1)
    assert distance.min() > 0 and distance.mean() < np.linalg.norm(grid - grid[4], axis=1).mean()
    nearer = draw.points(generator, ask(near=[5, 3], n=8))
    assert np.array_equal(nearer[0], near[2])
    assert not np.allclose(nearer[1], near[1])
    assert np.array_equal(draw.points(generator, ask(near=[5], face=3)), near[2:3])


def test_neighbors_of_different_faces_differ_from_them_differently(generator):
    def noise(near):
        points = draw.points(generator, ask(near=near, n=5))
        return points[1:] - np.sqrt(0.75) * points[0]

    assert not np.allclose(noise([5]), noise([6]), atol=0.1)
    assert not np.allclose(noise([5]), noise([1, 5]), atol=0.1)


def test_a_way_begins_and_ends_with_its_faces(generator):
    grid = draw.points(generator, ask())
    way = draw.points(generator, ask(face=2, to=70, n=9))
    assert np.allclose(way[0], grid[1], atol=1e-6)
    assert np.allclose(way[-1], draw.points(generator, ask(face=70))[0], atol=1e-6)
    assert len(way) == 9


def test_a_video_is_a_closed_interpolate_from_the_chosen_face(generator):
    grid = draw.points(generator, ask())
    there = draw.interpolate(generator, ask(face=5, to=2, interpolate=24))
    assert np.allclose(there[0], grid[4], atol=1e-6) and np.allclose(there[12], grid[1], atol=1e-6)
    assert np.allclose(there[1], there[-1], atol=1e-5), "it comes back as it went"
    long = draw.interpolate(generator, ask(face=2, interpolate=200, fps=24))
    assert [np.allclose(point, grid[1], atol=1e-6) for point in long] == [True] + [False] * 199
    assert any(np.allclose(point, grid[0], atol=1e-5) for point in long)
    assert np.linalg.norm(long[-1] - long[0]) < np.linalg.norm(grid[0] - grid[1]) / 4


def test_a_photo_comes_first_and_others_are_like_it(generator):
    z = draw.points(generator, ask(face=9, truncation=0.6))[0]
    photo = generator.decode(z[None])[0].repeat(4, 0).repeat(4, 1)
    points = draw.points(generator, ask(n=6), photo)
    assert np.allclose(points[0], z, atol=0.15)
    assert np.linalg.norm(points[1:] - points[0], axis=1).min() > 0.3
    assert np.array_equal(draw.points(generator, ask(face=1), photo), points[:1])
    assert np.array_equal(draw.points(generator, ask(near=[1], n=1), photo), points[:1])


def test_a_model_that_only_draws_says_so_of_a_photo():
    photo = np.zeros((20, 30, 3), "uint8")
    with pytest.raises(InvalidInput, match="a model that reads images"):
        draw.points(tiny_faces.generator(reads=False), ask(), photo)


def test_batches_are_what_would_be_drawn_at_once_and_are_counted(generator):
    z = draw.points(generator, ask(n=150))
    reports = []
    images = np.concatenate(list(draw.batches(generator, z, Progress(reports.append))))
    assert np.array_equal(images, generator.decode(z))
    assert [(report.step, report.total) for report in reports] == [(64, 150), (128, 150), (150, 150)]
    assert reports[0].preview.shape[2] == 3


@pytest.mark.parametrize(
    "side, count, width", [(16, 1, 512), (28, 1, 504), (300, 1, 300), (64, 64, 8 * 130 - 2)]
)
def test_a_sheet_is_a_whole_number_of_times_larger(side, count, width):
    images = np.full((count, side, side, 3), 9, "uint8")
    images[0, : side // 2] = 200
    sheet = draw.sheet(images)
    assert sheet.shape == (width, width, 3)
    assert sheet[1, 1, 0] == 200 and sheet[-2, -2, 0] == 9


def test_far_faces_are_no_neighbors():
    with pytest.raises(InvalidInput, match="1 to 50,000"):
        models.check(ask(near=[99_999_999]), {})


def test_a_sheet_has_its_limit():
    with pytest.raises(InvalidInput, match="at most 8,192 in one image"):
        draw.sheet(np.broadcast_to(np.zeros((1, 64, 64, 3), "uint8"), (20_000, 64, 64, 3)))
