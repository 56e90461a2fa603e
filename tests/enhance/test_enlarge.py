"""Enlarging: what enlarges is what learned, no tile shows, transparency stays."""

import numpy as np
import pytest
import tiny_enhance
from keras import ops

from studio.core.errors import Cancelled
from studio.core.imaging import transparency
from studio.core.imaging.tiling import tiles
from studio.core.litert import network
from studio.core.models import presets
from studio.core.progress import Progress
from studio.enhance import bicubic, enlarge, models
from studio.enhance.enlarge import How
from studio.enhance.settings import SCALES, SHIPPED

SETTINGS = tiny_enhance.SETTINGS


@pytest.fixture
def enlarger(tiny):
    return enlarge.Enlarger(tiny)


@pytest.mark.parametrize("scale", SCALES)
def test_what_enlarges_is_the_network_that_learned(tiny, scale):
    model = tiny_enhance.network()
    light = np.random.default_rng(0).random((1, 20, 27, 1), "float32")
    (made,) = network.load(tiny, models.part_of(scale))(light)
    wanted = np.asarray(ops.depth_to_space(model(light)[SCALES.index(scale)], scale))[..., 0]
    assert made.shape == (1, 20 * scale, 27 * scale, 1)
    assert wanted.std() > 0.01 and np.abs(made[..., 0] - wanted).max() < 1e-4


@pytest.mark.parametrize("scale", SCALES)
def test_no_tile_shows(enlarger, cat, scale, monkeypatch):
    whole = enlarger.enlarge(cat, How(scale))
    monkeypatch.setattr(enlarge, "SIDE", 32)
    tiled = enlarger.enlarge(cat, How(scale))
    assert whole.shape == (120 * scale, 90 * scale, 3)
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def test_tiles_that_see_less_than_the_network_reaches_would_show(enlarger, cat, monkeypatch):
    whole = enlarger.enlarge(cat, How(2)).astype(int)
    monkeypatch.setattr(enlarge, "SIDE", 32)
    monkeypatch.setattr(models, "reach", lambda settings: 0)
    assert np.abs(whole - enlarger.enlarge(cat, How(2))).max() > 1


def test_tiles_that_are_alike_cover_a_image_once():
    seen = np.zeros((100, 70), int)
    for tile in tiles(100, 70, 32, 6, alike=True):
        assert (tile.rows.seen_length, tile.columns.seen_length) == (44, 44)
        seen[tile.rows.own(1), tile.columns.own(1)] += 1
    assert (seen == 1).all()


def test_without_sharpness_it_is_plain_bicubic(enlarger, cat):
    plain = bicubic.enlarged(np.moveaxis(cat.astype("float32"), 2, 0), 3)
    wanted = np.moveaxis(np.clip(plain, 0, 255), 0, 2)
    assert np.abs(enlarger.enlarge(cat, How(3, sharpness=0)) - wanted).max() <= 0.51


def test_a_gray_image_stays_gray(enlarger, cat):
    gray = np.repeat(cat[..., :1], 3, axis=2)
    assert np.ptp(enlarger.enlarge(gray, How(2)), axis=2).max() <= 1


def test_what_is_transparent_stays_so_and_hides_its_colors(enlarger, cat):
    clear = np.dstack([cat, np.full(cat.shape[:2], 255, "uint8")])
    np.testing.assert_array_equal(enlarger.enlarge(clear, How(2))[..., :3], enlarger.enlarge(cat, How(2)))
    clear[:, 45:, 3] = 0
    clear[:, 45:, :3] = (255, 0, 255)  # a color that nobody sees
    made = enlarger.enlarge(transparency.extend_colors(clear), How(2, sharpness=0))
    assert made.shape[2] == 4 and (made[:, :84, 3] == 255).all() and (made[:, 96:, 3] == 0).all()
    seen = made[:, :90][made[:, :90, 3] > 40].astype(int)
    assert (seen[:, 2] - seen[:, 1]).max() <= 40 + (cat[..., 2].astype(int) - cat[..., 1]).max()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_flat_disc_on_nothing_stays_flat_and_leaves_no_haze(scale):
    rows, columns = np.mgrid[:80, :90]
    covered = np.clip(30.5 - np.hypot(rows - 40, columns - 45), 0, 1)  # a smoothed edge
    disc = np.zeros((80, 90, 4), "uint8")
    disc[..., 3] = np.rint(255 * covered)
    disc[covered > 0, :3] = (230, 60, 40)
    enlarger = enlarge.open(presets.find(SHIPPED))
    made = enlarger.enlarge(transparency.extend_colors(disc), How(scale)).astype(int)
    colors, alpha = made[..., :3], made[..., 3]
    assert np.abs((colors - (230, 60, 40)) * (alpha[..., None] / 255)).max() <= 2
    assert not ((alpha > 0) & (alpha < 4)).any()
    share = (alpha / 255).sum() / scale**2
    assert share == pytest.approx(covered.sum(), rel=0.01)


def test_eight_ways_of_looking_do_not_depend_on_how_the_image_lies(enlarger, cat):
    light = cat[:48, :40, 0].astype("float32") / 255
    one = enlarger.lacks(light, How(2, ensemble=True))
    turned = enlarger.lacks(np.rot90(light), How(2, ensemble=True))
    np.testing.assert_allclose(np.rot90(one), turned, atol=1e-5)
    assert (
        np.abs(np.rot90(enlarger.lacks(light, How(2))) - enlarger.lacks(np.rot90(light), How(2))).max() > 1e-3
    )


def test_who_stops_it_gets_no_half_of_a_image(enlarger, cat):
    with pytest.raises(Cancelled):
        enlarger.enlarge(cat, How(2), Progress(cancelled=lambda: True))
