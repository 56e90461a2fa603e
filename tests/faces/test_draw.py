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
    return tiny_faces.make_generator(directions=tiny_faces.make_directions())


def make_settings(**settings) -> FacesSettings:
    return FacesSettings.parse(settings)


def test_a_face_equals_its_grid_image_for_any_grid_size(generator):
    grid = draw.draw_latents(generator, make_settings(n=20, seed=3))
    assert grid.shape == (20, tiny_faces.DIM)
    assert np.array_equal(draw.draw_latents(generator, make_settings(n=7, seed=3)), grid[:7])
    assert np.array_equal(draw.draw_latents(generator, make_settings(n=3, face=15, seed=3)), grid[14:15])


CLASS_CHOICES = [
    {"n": 5},
    {"face": 3},
    {"face": 1, "to": 2, "n": 3},
    {"n": 4, "near": [3]},
    {"interpolate": 6, "fps": 2},
]


@pytest.mark.parametrize("settings", CLASS_CHOICES)
def test_the_class_is_that_of_every_latent(settings):
    generator = tiny_faces.make_generator(classes=("a", "b"))
    draw_all = draw.interpolate_latents if "interpolate" in settings else draw.draw_latents
    photo_z = np.float32([1, 2, 3, 4, 1, 0])
    for z in (None, photo_z):
        chosen = draw_all(generator, make_settings(class_name="b", **settings), z)
        assert np.allclose(chosen[:, -2:], [0, 1], atol=1e-6)
    assert not np.allclose(draw_all(generator, make_settings(**settings))[:, -2:], [0, 1])


def test_each_class_has_columns_of_its_own():
    generator = tiny_faces.make_generator(classes=("a", "b", "c"))

    def count(has_photo=False, **settings):
        return draw.count_columns(generator, make_settings(**settings), has_photo)

    assert (count(n=64), count(n=16), count(n=9)) == (9, 3, 3)
    assert count(n=1) is None, "far wider than high"
    assert count(n=64, class_name="a") is count(n=64, near=[1]) is count(n=64, has_photo=True) is None
    assert count(n=5, face=1, to=2) == 5
    assert draw.count_columns(tiny_faces.make_generator(), make_settings(n=64), False) is None


def test_latent_directions_move_faces_and_grids_alike(generator):
    for change in ({"face": 4}, {"n": 5}, {"face": 1, "to": 2, "n": 5}, {"n": 5, "near": [2]}):
        plain = draw.draw_latents(generator, make_settings(**change))
        moved = draw.draw_latents(generator, make_settings(moves=["older=1.5", "direction-1=-2"], **change))
        assert np.allclose(moved - plain, [1.5, -2, 0, 0, 0, 0], atol=1e-6)


def test_variations_start_with_their_original(generator):
    grid = draw.draw_latents(generator, make_settings())
    near = draw.draw_latents(generator, make_settings(near=[5], n=8))
    assert np.array_equal(near[0], grid[4])
    distance = np.linalg.norm(near[1:] - grid[4], axis=1)
    assert distance.min() > 0 and distance.mean() < np.linalg.norm(grid - grid[4], axis=1).mean()
    nearer = draw.draw_latents(generator, make_settings(near=[5, 3], n=8))
    assert np.array_equal(nearer[0], near[2])
    assert not np.allclose(nearer[1], near[1])
    assert np.array_equal(draw.draw_latents(generator, make_settings(near=[5], face=3)), near[2:3])


def test_variations_of_different_faces_differ(generator):
    def noise(near):
        points = draw.draw_latents(generator, make_settings(near=near, n=5))
        return points[1:] - np.sqrt(0.75) * points[0]

    assert not np.allclose(noise([5]), noise([6]), atol=0.1)
    assert not np.allclose(noise([5]), noise([1, 5]), atol=0.1)


def test_an_interpolation_starts_and_ends_with_its_faces(generator):
    grid = draw.draw_latents(generator, make_settings())
    path = draw.draw_latents(generator, make_settings(face=2, to=70, n=9))
    assert np.allclose(path[0], grid[1], atol=1e-6)
    assert np.allclose(path[-1], draw.draw_latents(generator, make_settings(face=70))[0], atol=1e-6)
    assert len(path) == 9


def test_a_video_is_a_closed_interpolation_from_the_chosen_face(generator):
    grid = draw.draw_latents(generator, make_settings())
    there = draw.interpolate_latents(generator, make_settings(face=5, to=2, interpolate=24))
    assert np.allclose(there[0], grid[4], atol=1e-6) and np.allclose(there[12], grid[1], atol=1e-6)
    assert np.allclose(there[1], there[-1], atol=1e-5), "it comes back as it went"
    long = draw.interpolate_latents(generator, make_settings(face=2, interpolate=200, fps=24))
    assert [np.allclose(point, grid[1], atol=1e-6) for point in long] == [True] + [False] * 199
    assert any(np.allclose(point, grid[0], atol=1e-5) for point in long)
    assert np.linalg.norm(long[-1] - long[0]) < np.linalg.norm(grid[0] - grid[1]) / 4


def test_a_photo_comes_first_and_then_its_variations(generator):
    z = draw.draw_latents(generator, make_settings(face=9, truncation=0.6))[0]
    photo = generator.decode(z[None])[0].repeat(4, 0).repeat(4, 1)
    encoded = draw.encode(generator, photo)
    points = draw.draw_latents(generator, make_settings(n=6), encoded)
    assert np.allclose(points[0], z, atol=0.15)
    assert np.linalg.norm(points[1:] - points[0], axis=1).min() > 0.3
    assert np.array_equal(draw.draw_latents(generator, make_settings(face=1), encoded), points[:1])
    assert np.array_equal(draw.draw_latents(generator, make_settings(near=[1], n=1), encoded), points[:1])


def test_a_model_without_an_encoder_rejects_photos():
    photo = np.zeros((20, 30, 3), "uint8")
    with pytest.raises(InvalidInput, match="a VAE or a DCGAN"):
        draw.encode(tiny_faces.make_generator(reads=False), photo)


def test_batches_equal_one_pass_and_report_progress(generator):
    z = draw.draw_latents(generator, make_settings(n=150))
    reports = []
    images = np.concatenate(
        list(draw.decode_batches(generator, z, make_settings(), Progress(reports.append)))
    )
    assert np.array_equal(images, generator.decode(z))
    assert [(report.step, report.total) for report in reports] == [(64, 150), (128, 150), (150, 150)]
    assert reports[0].preview.shape[2] == 3


@pytest.mark.parametrize(
    "side, count, width", [(16, 1, 512), (28, 1, 504), (300, 1, 300), (64, 64, 8 * 130 - 2)]
)
def test_a_sheet_is_enlarged_by_an_integer_factor(side, count, width):
    images = np.full((count, side, side, 3), 9, "uint8")
    images[0, : side // 2] = 200
    sheet = draw.render_sheet(images)
    assert sheet.shape == (width, width, 3)
    assert sheet[1, 1, 0] == 200 and sheet[-2, -2, 0] == 9


def test_near_numbers_out_of_range_are_rejected():
    with pytest.raises(InvalidInput, match="1 to 50,000"):
        models.check(make_settings(near=[99_999_999]), {})


def test_a_sheet_has_a_size_limit():
    with pytest.raises(InvalidInput, match="at most 8,192 in one image"):
        draw.render_sheet(np.broadcast_to(np.zeros((1, 64, 64, 3), "uint8"), (20_000, 64, 64, 3)))
