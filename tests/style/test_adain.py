"""AdaIN agrees with the paper, at any size, for one or several styles."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from studio.style import adain

CAT = data.chelsea()[None, :224, 100:324].astype("float32") / 255
CUP = data.coffee()[None, :224, 100:324].astype("float32") / 255


@pytest.fixture
def networks(weights_home):
    return adain.load()


def stylize(networks, content, style, strength=1.0):
    features = adain.transfer_statistics(networks.encode(content), [networks.encode(style)], [1.0], strength)
    return networks.decode(features, *content.shape[1:3])


def draw_features(seed, height=5, width=7):
    return np.random.default_rng(seed).gamma(1.0, size=(1, height, width, 6)).astype("float32")


def compute_statistics(values):
    return values.mean(axis=(1, 2)), values.std(axis=(1, 2), ddof=1)


@pytest.mark.slow
def test_encoder_and_decoder_have_the_published_figures(networks):
    encoded = np.asarray(networks.encode(CAT))
    assert encoded.shape == (1, 28, 28, 512)
    assert encoded.mean() == pytest.approx(0.89553, abs=2e-5)
    assert encoded.std() == pytest.approx(1.55576, abs=2e-5)
    mixed = adain.transfer_statistics(encoded, [networks.encode(CUP)], [1.0])
    assert np.asarray(networks.decoder(mixed)).mean() == pytest.approx(0.5127, abs=2e-4)


@pytest.mark.slow
def test_decoding_reconstructs_a_blurred_image(networks):
    error = np.asarray(networks.decode(networks.encode(CAT), 224, 224)) - CAT
    assert 17 < -10 * np.log10((error**2).mean()) < 23


@pytest.mark.parametrize("height, width", [(1, 20), (8, 8), (9, 17), (30, 61), (64, 64)])
def test_the_output_has_the_size_of_the_content(networks, height, width):
    output = np.asarray(stylize(networks, CAT[:, :height, :width], CUP[:, :50, :40]))
    assert output.shape == (1, height, width, 3)
    assert np.isfinite(output).all()
    assert output.min() >= 0 and output.max() <= 1


@pytest.mark.slow
def test_an_odd_size_is_not_shifted(networks):
    expected = np.asarray(stylize(networks, CAT[:, :64, :64], CUP, strength=0))
    odd = np.asarray(stylize(networks, CAT[:, :61, :59], CUP, strength=0))
    distance = np.abs(odd - expected[:, :61, :59]).mean()
    assert distance < np.abs(odd[:, 1:] - expected[:, :60, :59]).mean()
    assert distance < np.abs(odd[:, :, 1:] - expected[:, :61, :58]).mean()


@pytest.mark.slow
def test_tiles_have_no_seams(networks, monkeypatch):
    content, style = CAT[:, :103, :75], CUP[:, :60, :65]
    expected = np.asarray(stylize(networks, content, style))
    monkeypatch.setattr(adain, "_TILE_SIDE", 32)
    tiled = np.asarray(stylize(networks, content, style))
    assert np.abs(tiled - expected).max() < 1e-4


def test_the_result_has_the_statistics_of_the_style():
    content, style = draw_features(0), draw_features(1, 9, 4)
    result = compute_statistics(np.asarray(adain.transfer_statistics(content, [style], [1.0])))
    assert np.allclose(result[0], compute_statistics(style)[0], atol=1e-5)
    assert np.allclose(result[1], compute_statistics(style)[1], atol=1e-4)


def test_strength_goes_from_the_content_to_the_style():
    content, style = draw_features(0), draw_features(1)
    none, half, full = (
        np.asarray(adain.transfer_statistics(content, [style], [1.0], s)) for s in (0, 0.5, 1)
    )
    assert np.array_equal(none, content)
    assert np.allclose(half, (none + full) / 2, atol=1e-6)


def test_shares_mix_the_statistics_of_styles():
    content, first, second = draw_features(0), draw_features(1), draw_features(2)
    one, two = (np.asarray(adain.transfer_statistics(content, [style], [1.0])) for style in (first, second))
    both = np.asarray(adain.transfer_statistics(content, [first, second], [0.75, 0.25]))
    assert np.allclose(both, 0.75 * one + 0.25 * two, atol=1e-5)
    left = np.zeros((5, 7), "float32")
    left[:, :3] = 1
    placed = np.asarray(adain.transfer_statistics(content, [first, second], [left, 1 - left]))
    assert np.allclose(placed[:, :, :3], one[:, :, :3], atol=1e-5)
    assert np.allclose(placed[:, :, 3:], two[:, :, 3:], atol=1e-5)


@pytest.mark.slow
def test_a_single_feature_position_gives_finite_values():
    assert np.isfinite(
        adain.transfer_statistics(draw_features(0, 1, 1), [draw_features(1, 1, 1)], [1.0])
    ).all()
