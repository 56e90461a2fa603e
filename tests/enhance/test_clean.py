"""Cleaning: what cleans is what learned, no tile shows, and what is not to change does not."""

import numpy as np
import pytest
import tiny_enhance

from studio.core.errors import Cancelled, InvalidInput
from studio.core.litert import network
from studio.core.progress import Progress
from studio.enhance import clean, enlarge, models
from studio.enhance.clean import How
from studio.enhance.damage import Damage
from studio.enhance.planes import colors, folded, planes, shown, unfolded

SETTINGS = tiny_enhance.CLEANING
BOTH = Damage(10, 8, 30)


@pytest.fixture(scope="module")
def preset(session_home):
    return tiny_enhance.make(session_home / "tiny-clean", SETTINGS)


@pytest.fixture
def cleaner(preset):
    return clean.Cleaner(preset)


def test_folding_and_planes_lose_nothing():
    photo = np.random.default_rng(0).random((6, 8, 3), "float32")
    seen = planes(photo)
    np.testing.assert_allclose(colors(seen), photo, atol=1e-5)
    np.testing.assert_array_equal(unfolded(folded(seen)), seen)
    np.testing.assert_array_equal(folded(seen)[1, 2, :6], seen[2, 4:6].ravel())  # the upper two of a square
    assert np.abs(planes(np.full((1, 1, 3), 0.3))[..., 1:]).max() < 1e-6


def test_what_cleans_is_the_network_that_learned(preset):
    seen = planes(np.random.default_rng(0).random((20, 26, 3), "float32"))
    maps = shown(seen, 25, 20, 40)[None]
    (made,) = network.load(preset)(maps)
    wanted = np.asarray(tiny_enhance.network(SETTINGS)(maps))
    assert made.shape == (1, 10, 13, 12)
    assert wanted.std() > 0.01 and np.abs(made - wanted).max() < 1e-4


def test_what_is_told_counts(cleaner):
    seen = planes(np.random.default_rng(0).random((20, 26, 3), "float32"))
    told = [Damage(10), Damage(10, 10), Damage(20), Damage(10, quality=30), Damage(10, quality=31)]
    made = [cleaner.lacks(seen, How(one)) for one in told]
    for n, one in enumerate(made):
        assert all(np.abs(one - other).max() > 1e-5 for other in made[:n])


def test_no_tile_shows(cleaner, cat, monkeypatch):
    whole = cleaner.clean(cat, How(BOTH))
    monkeypatch.setattr(clean, "SIDE", 32)
    assert whole.shape == cat.shape and np.abs(whole.astype(int) - cleaner.clean(cat, How(BOTH))).max() <= 1
    monkeypatch.setattr(models, "reach", lambda settings: 0)
    assert np.abs(whole.astype(int) - cleaner.clean(cat, How(BOTH))).max() > 1


@pytest.mark.parametrize("shape", [(8, 8), (9, 12), (31, 33)])
def test_odd_sides_keep_their_size(cleaner, cat, shape):
    part = cat[: shape[0], : shape[1]]
    assert cleaner.clean(part, How(BOTH)).shape == part.shape


def test_gray_stays_gray_and_clear_stays_clear(cleaner, cat):
    gray = np.repeat(cat[..., :1], 3, axis=2)
    assert not np.ptp(cleaner.clean(gray, How(BOTH)), axis=2).any()
    clear = np.dstack([cat, np.arange(cat[..., 0].size).reshape(cat.shape[:2]).astype("uint8")])
    made = cleaner.clean(clear, How(BOTH))
    np.testing.assert_array_equal(made[..., 3], clear[..., 3])
    np.testing.assert_array_equal(made[..., :3], cleaner.clean(cat, How(BOTH)))


def test_nothing_asked_changes_nothing(cleaner, cat):
    for how in (How(BOTH, 0, deblock=False), How(Damage(quality=30), deblock=False), How(Damage(), 1)):
        np.testing.assert_array_equal(cleaner.clean(cat, how), cat)


def test_a_part_of_the_noise_is_a_part_of_the_way(cleaner, cat):
    seen = planes(cat / np.float32(255))
    none, half, full = (cleaner.lacks(seen, How(BOTH, denoise)) for denoise in (0, 0.5, 1))
    np.testing.assert_allclose(half, (none + full) / 2, atol=1e-6)
    assert np.abs(full - none).max() > 1e-3 and np.abs(none).max() > 1e-3
    alone = [cleaner.lacks(seen, How(Damage(10, 8), denoise)) for denoise in (0.25, 1)]
    np.testing.assert_allclose(alone[0], alone[1] / 4, atol=1e-6)


def test_eight_ways_of_looking_do_not_depend_on_how_the_image_lies(cleaner, cat):
    seen, how = planes(cat[:48, :40] / np.float32(255)), How(BOTH, ensemble=True)
    one, turned = cleaner.lacks(seen, how), cleaner.lacks(np.rot90(seen), how)
    np.testing.assert_allclose(np.rot90(one), turned, atol=1e-5)


def test_a_network_of_the_other_kind_is_refused(preset, tiny):
    with pytest.raises(InvalidInput, match="Use a network for denoising"):
        clean.Cleaner(tiny)
    with pytest.raises(InvalidInput, match="Use a network for upscaling"):
        enlarge.Enlarger(preset)


def test_who_stops_it_gets_no_half_of_a_image(cleaner, cat):
    with pytest.raises(Cancelled):
        cleaner.clean(cat, How(BOTH), Progress(cancelled=lambda: True))
