"""Cleaning: the LiteRT file agrees with training, tiles do not show, and alpha stays."""

import numpy as np
import pytest
import tiny_enhance

from studio.core.errors import Cancelled, InvalidInput
from studio.core.litert import network
from studio.core.progress import Progress
from studio.enhance import clean, enlarge, models
from studio.enhance.clean import Options
from studio.enhance.damage import Damage
from studio.enhance.planes import fold, make_network_input, to_colors, to_planes, unfold

SETTINGS = tiny_enhance.CLEANING
BOTH = Damage(10, 8, 30)


@pytest.fixture
def cleaner(tiny_cleaner):
    return clean.Cleaner(tiny_cleaner)


def test_folding_and_planes_are_invertible():
    photo = np.random.default_rng(0).random((6, 8, 3), "float32")
    stack = to_planes(photo)
    np.testing.assert_allclose(to_colors(stack), photo, atol=1e-5)
    np.testing.assert_array_equal(unfold(fold(stack)), stack)
    # The upper half of each 2 x 2 block.
    np.testing.assert_array_equal(fold(stack)[1, 2, :6], stack[2, 4:6].ravel())
    assert np.abs(to_planes(np.full((1, 1, 3), 0.3))[..., 1:]).max() < 1e-6


def test_the_exported_denoiser_gives_the_output_of_the_trained_one(tiny_cleaner):
    stack = to_planes(np.random.default_rng(0).random((20, 26, 3), "float32"))
    maps = make_network_input(stack, 25, 20, 40)[None]
    (output,) = network.load(tiny_cleaner)(maps)
    expected = np.asarray(tiny_enhance.build_network(SETTINGS)(maps))
    assert output.shape == (1, 10, 13, 12)
    assert expected.std() > 0.01 and np.abs(output - expected).max() < 1e-4


def test_the_conditions_change_the_residual(cleaner):
    stack = to_planes(np.random.default_rng(0).random((20, 26, 3), "float32"))
    damages = [Damage(10), Damage(10, 10), Damage(20), Damage(10, quality=30), Damage(10, quality=31)]
    outputs = [cleaner.predict_residual(stack, Options(damage)) for damage in damages]
    for n, image in enumerate(outputs):
        assert all(np.abs(image - other).max() > 1e-5 for other in outputs[:n])


def test_tiles_have_no_seams(cleaner, cat, monkeypatch):
    expected = cleaner.clean(cat, Options(BOTH))
    monkeypatch.setattr(clean, "TILE_SIDE", 32)
    assert (
        expected.shape == cat.shape
        and np.abs(expected.astype(int) - cleaner.clean(cat, Options(BOTH))).max() <= 1
    )
    monkeypatch.setattr(models, "receptive_radius", lambda settings: 0)
    assert np.abs(expected.astype(int) - cleaner.clean(cat, Options(BOTH))).max() > 1


@pytest.mark.parametrize("shape", [(8, 8), (9, 12), (31, 33)])
def test_odd_sizes_are_kept(cleaner, cat, shape):
    crop = cat[: shape[0], : shape[1]]
    assert cleaner.clean(crop, Options(BOTH)).shape == crop.shape


def test_gray_and_transparency_are_kept(cleaner, cat):
    gray = np.repeat(cat[..., :1], 3, axis=2)
    assert not np.ptp(cleaner.clean(gray, Options(BOTH)), axis=2).any()
    clear = np.dstack([cat, np.arange(cat[..., 0].size).reshape(cat.shape[:2]).astype("uint8")])
    cleaned = cleaner.clean(clear, Options(BOTH))
    np.testing.assert_array_equal(cleaned[..., 3], clear[..., 3])
    np.testing.assert_array_equal(cleaned[..., :3], cleaner.clean(cat, Options(BOTH)))


def test_without_damage_an_image_is_unchanged(cleaner, cat):
    for options in (
        Options(BOTH, 0, deblock=False),
        Options(Damage(quality=30), deblock=False),
        Options(Damage(), 1),
    ):
        np.testing.assert_array_equal(cleaner.clean(cat, options), cat)


def test_denoise_interpolates_the_residual(cleaner, cat):
    stack = to_planes(cat / np.float32(255))
    none, half, full = (cleaner.predict_residual(stack, Options(BOTH, denoise)) for denoise in (0, 0.5, 1))
    np.testing.assert_allclose(half, (none + full) / 2, atol=1e-6)
    assert np.abs(full - none).max() > 1e-3 and np.abs(none).max() > 1e-3
    alone = [cleaner.predict_residual(stack, Options(Damage(10, 8), denoise)) for denoise in (0.25, 1)]
    np.testing.assert_allclose(alone[0], alone[1] / 4, atol=1e-6)


def test_the_self_ensemble_is_independent_of_orientation(cleaner, cat):
    stack, options = to_planes(cat[:48, :40] / np.float32(255)), Options(BOTH, ensemble=True)
    one, turned = cleaner.predict_residual(stack, options), cleaner.predict_residual(np.rot90(stack), options)
    np.testing.assert_allclose(np.rot90(one), turned, atol=1e-5)


def test_a_network_for_the_other_task_is_rejected(tiny_cleaner, tiny):
    with pytest.raises(InvalidInput, match="Use a network for denoising"):
        clean.Cleaner(tiny)
    with pytest.raises(InvalidInput, match="Use a network for upscaling"):
        enlarge.Enlarger(tiny_cleaner)


def test_canceling_returns_no_partial_image(cleaner, cat):
    with pytest.raises(Cancelled):
        cleaner.clean(cat, Options(BOTH), Progress(cancelled=lambda: True))
