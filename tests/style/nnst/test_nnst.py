"""NNST: the pyramid, matching, schedule and losses."""

from base64 import b64decode

import numpy as np
import pytest

from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.style.nnst import features, losses, matching
from studio.style.nnst.pyramid import Pyramid
from studio.style.nnst.schedule import plan_stages
from studio.style.settings import TransferSettings

RNG = np.random.default_rng(0)


def draw_unit_map(height, width, depth=24):
    normal = RNG.normal(size=(height, width, depth))
    return (normal / np.linalg.norm(normal, axis=-1, keepdims=True)).astype("float16")


@pytest.mark.parametrize("side", [8, 33, 96])
def test_a_pyramid_reconstructs_its_image_and_descends(side):
    image = RNG.random((1, side, side, 3)).astype("float32")
    pyramid = Pyramid(image, learning_rate=0.02)
    np.testing.assert_allclose(pyramid.images_01, image, atol=1e-5)
    for _ in range(60):
        pyramid.descend(pyramid.images_01 - 0.5)
    assert np.abs(pyramid.images_01 - 0.5).mean() < np.abs(image - 0.5).mean() / 3


def test_matching_in_blocks_equals_matching_at_once(monkeypatch):
    photo, painting = draw_unit_map(9, 11), matching.build_bank([draw_unit_map(8, 7)], (0,), RNG)
    expected = matching.find_nearest(photo, painting)
    monkeypatch.setattr(matching, "_BLOCK_POSITIONS", 10)
    np.testing.assert_array_equal(matching.find_nearest(photo, painting), expected)


def test_a_rotated_painting_matches_itself():
    painting = draw_unit_map(6, 9)
    turned = np.rot90(painting, 1)
    places = matching.build_bank([turned], (1,), RNG)
    matches = places.positions[matching.find_nearest(painting, places)]
    np.testing.assert_allclose(matches[..., 0], np.repeat((np.arange(6) + 0.5)[:, None] / 6, 9, 1), atol=1e-6)
    np.testing.assert_allclose(matches[..., 1], np.repeat((np.arange(9) + 0.5)[None] / 9, 6, 0), atol=1e-6)


def test_a_bank_has_at_most_max_positions(monkeypatch):
    monkeypatch.setattr(matching, "MAX_POSITIONS", 20)
    assert len(matching.build_bank([draw_unit_map(9, 9)] * 2, (0, 2), RNG).features) == 20


def test_matches_are_encoded_on_a_coarse_grid():
    rows, columns = np.meshgrid(np.arange(128) / 128, np.arange(100) / 100, indexing="ij")
    encoded = matching.encode_matches([np.stack([rows, columns], axis=-1)])
    shape = encoded["rows"], encoded["columns"], 2
    assert max(shape) <= 48
    decoded = np.frombuffer(b64decode(encoded["places"][0]), "uint8").reshape(shape) / 255
    middle = decoded[shape[0] // 2, shape[1] // 2]
    np.testing.assert_allclose(middle, 0.5, atol=0.03)
    assert (np.diff(decoded[:, 0, 0]) > 0).all() and (np.diff(decoded[0, :, 1]) > 0).all()


def count_passes(mode):
    plan = plan_stages(TransferSettings(mode=mode, size=512))
    return sum(stage.steps * stage.cost for stage in plan) / 0.512**2


def test_fine_mode_costs_at_most_60_passes_and_draft_10_at_256_px():
    assert count_passes("fine") <= 60
    assert count_passes("draft") * 4 <= 10


@pytest.mark.slow
def test_tiles_give_the_features_and_gradient_of_the_full_image(weights_home, photo, monkeypatch):
    from studio.core.imaging import image_io

    backbone = backbones.load("vgg16")
    image = image_io.to_01(image_io.resize(photo, 160, 192))
    expected = features.extract(backbone, image)
    target = matching.build_bank([np.roll(expected, 3, axis=0)], (0,), RNG)
    indices = [matching.find_nearest(expected, target)]
    shares = [np.ones(expected.shape[:2], "float32")]

    def evaluate():
        return losses.MatchLoss(backbone, expected.copy(), [target], indices, shares, 0.2, Progress())(image)

    value, gradient = evaluate()
    monkeypatch.setattr(features, "MAX_WHOLE_SIDE", 64)
    monkeypatch.setattr(features, "TILE", 128)
    assert np.abs(features.extract(backbone, image) - expected).max() < 2e-3
    tiled, again = evaluate()
    assert tiled == pytest.approx(value, rel=1e-3)
    assert np.abs(again - gradient).max() < 0.02 * np.abs(gradient).max()


@pytest.mark.slow
def test_the_gradient_is_the_slope_of_the_loss(weights_home, photo, painting):
    from studio.core.imaging import image_io

    backbone = backbones.load("vgg16")
    images = [image_io.to_01(image_io.resize(image, 64, 96)) for image in (photo, painting)]
    content, style = (features.extract(backbone, image) for image in images)
    bank = matching.build_bank([style], (0,), RNG)
    shares = [np.ones(content.shape[:2], "float32")]
    indices = [matching.find_nearest(content, bank)]
    compute_loss = losses.MatchLoss(backbone, content, [bank], indices, shares, 0.2, Progress())
    _, gradient = compute_loss(images[0])
    step = 1e-3 * gradient / np.abs(gradient).max()
    rise = compute_loss(images[0] + step)[0] - compute_loss(images[0] - step)[0]
    assert rise == pytest.approx(2 * (gradient * step).sum(), rel=0.05)
