"""Enlarging: the LiteRT file agrees with training, tiles do not show, and transparency stays."""

import numpy as np
import pytest
import tiny_enhance
from keras import ops

from studio.core.errors import Cancelled
from studio.core.imaging import transparency
from studio.core.imaging.tiling import cut_tiles
from studio.core.litert import network
from studio.core.models import presets
from studio.core.progress import Progress
from studio.enhance import bicubic, enlarge, models
from studio.enhance.enlarge import Options
from studio.enhance.settings import SCALES, SHIPPED_ENLARGER

SETTINGS = tiny_enhance.SETTINGS


@pytest.fixture
def enlarger(tiny):
    return enlarge.Enlarger(tiny)


@pytest.mark.parametrize("scale", SCALES)
def test_the_exported_upscaler_gives_the_output_of_the_trained_one(tiny, scale):
    model = tiny_enhance.build_network()
    light = np.random.default_rng(0).random((1, 20, 27, 1), "float32")
    (output,) = network.load(tiny, models.network_name(scale))(light)
    expected = np.asarray(ops.depth_to_space(model(light)[SCALES.index(scale)], scale))[..., 0]
    assert output.shape == (1, 20 * scale, 27 * scale, 1)
    assert expected.std() > 0.01 and np.abs(output[..., 0] - expected).max() < 1e-4


@pytest.mark.parametrize("scale", SCALES)
def test_tiles_have_no_seams(enlarger, cat, scale, monkeypatch):
    expected = enlarger.enlarge(cat, Options(scale))
    monkeypatch.setattr(enlarge, "TILE_SIDE", 32)
    tiled = enlarger.enlarge(cat, Options(scale))
    assert expected.shape == (120 * scale, 90 * scale, 3)
    assert np.abs(expected.astype(int) - tiled).max() <= 1


def test_tiles_with_too_little_context_show_seams(enlarger, cat, monkeypatch):
    expected = enlarger.enlarge(cat, Options(2)).astype(int)
    monkeypatch.setattr(enlarge, "TILE_SIDE", 32)
    monkeypatch.setattr(models, "receptive_radius", lambda settings: 0)
    assert np.abs(expected - enlarger.enlarge(cat, Options(2))).max() > 1


def test_tiles_of_equal_size_cover_an_image_once():
    counts = np.zeros((100, 70), int)
    for tile in cut_tiles(100, 70, 32, 6, equal_size=True):
        assert (tile.rows.window_length, tile.columns.window_length) == (44, 44)
        counts[tile.rows.own_slice(1), tile.columns.own_slice(1)] += 1
    assert (counts == 1).all()


def test_a_sharpness_of_zero_is_bicubic(enlarger, cat):
    plain = bicubic.enlarge(np.moveaxis(cat.astype("float32"), 2, 0), 3)
    expected = np.moveaxis(np.clip(plain, 0, 255), 0, 2)
    assert np.abs(enlarger.enlarge(cat, Options(3, sharpness=0)) - expected).max() <= 0.51


def test_a_gray_image_stays_gray(enlarger, cat):
    gray = np.repeat(cat[..., :1], 3, axis=2)
    assert np.ptp(enlarger.enlarge(gray, Options(2)), axis=2).max() <= 1


def test_transparency_is_kept_and_hidden_colors_do_not_matter(enlarger, cat):
    clear = np.dstack([cat, np.full(cat.shape[:2], 255, "uint8")])
    np.testing.assert_array_equal(
        enlarger.enlarge(clear, Options(2))[..., :3], enlarger.enlarge(cat, Options(2))
    )
    clear[:, 45:, 3] = 0
    clear[:, 45:, :3] = (255, 0, 255)  # the color of a transparent pixel
    enlarged = enlarger.enlarge(transparency.extend_colors(clear), Options(2, sharpness=0))
    assert enlarged.shape[2] == 4 and (enlarged[:, :84, 3] == 255).all() and (enlarged[:, 96:, 3] == 0).all()
    visible = enlarged[:, :90][enlarged[:, :90, 3] > 40].astype(int)
    assert (visible[:, 2] - visible[:, 1]).max() <= 40 + (cat[..., 2].astype(int) - cat[..., 1]).max()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_flat_disc_on_transparency_has_no_haze(scale):
    rows, columns = np.mgrid[:80, :90]
    covered = np.clip(30.5 - np.hypot(rows - 40, columns - 45), 0, 1)  # a smoothed edge
    disc = np.zeros((80, 90, 4), "uint8")
    disc[..., 3] = np.rint(255 * covered)
    disc[covered > 0, :3] = (230, 60, 40)
    enlarger = enlarge.load_enlarger(presets.find(SHIPPED_ENLARGER))
    enlarged = enlarger.enlarge(transparency.extend_colors(disc), Options(scale)).astype(int)
    colors, alpha = enlarged[..., :3], enlarged[..., 3]
    assert np.abs((colors - (230, 60, 40)) * (alpha[..., None] / 255)).max() <= 2
    assert not ((alpha > 0) & (alpha < 4)).any()
    share = (alpha / 255).sum() / scale**2
    assert share == pytest.approx(covered.sum(), rel=0.01)


def test_the_self_ensemble_is_independent_of_orientation(enlarger, cat):
    light = cat[:48, :40, 0].astype("float32") / 255
    one = enlarger.predict_residual(light, Options(2, ensemble=True))
    turned = enlarger.predict_residual(np.rot90(light), Options(2, ensemble=True))
    np.testing.assert_allclose(np.rot90(one), turned, atol=1e-5)
    assert (
        np.abs(
            np.rot90(enlarger.predict_residual(light, Options(2)))
            - enlarger.predict_residual(np.rot90(light), Options(2))
        ).max()
        > 1e-3
    )


def test_canceling_returns_no_partial_image(enlarger, cat):
    with pytest.raises(Cancelled):
        enlarger.enlarge(cat, Options(2), Progress(cancelled=lambda: True))
