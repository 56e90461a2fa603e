"""Options that preserve colors."""

import numpy as np

from studio.style import colors


def draw_images():
    rng = np.random.default_rng(0)
    mix = np.array([[0.6, 0.2, 0.1], [0.1, 0.5, 0.2], [0.0, 0.1, 0.4]])
    a = rng.random((40, 50, 3)) @ mix * 255
    b = np.clip(60 + rng.random((30, 30, 3)) @ mix.T * 150, 0, 255)
    return a.astype("uint8"), b.astype("uint8")


def test_a_matched_image_has_the_mean_and_covariance_of_the_other():
    a, b = draw_images()
    matched = colors.match_colors(a, b).reshape(-1, 3).astype(float)
    target = b.reshape(-1, 3).astype(float)
    assert np.allclose(matched.mean(0), target.mean(0), atol=2)
    assert np.allclose(np.cov(matched.T), np.cov(target.T), atol=0.05 * np.cov(target.T).max())


def test_matching_an_image_to_itself_changes_nothing():
    a, _ = draw_images()
    assert np.abs(colors.match_colors(a, a).astype(int) - a).max() <= 1


def test_a_gray_image_can_be_matched():
    a, _ = draw_images()
    assert colors.match_colors(np.full((9, 9, 3), 90, "uint8"), a).shape == (9, 9, 3)


def test_kept_luminance_takes_the_brightness_of_one_and_the_hue_of_the_other():
    content = np.full((4, 4, 3), (140, 100, 60), "uint8")
    gray = np.full((4, 4, 3), (90, 90, 90), "uint8")
    recolored = colors.keep_luminance(gray, content).astype(float)
    luma = np.array([0.299, 0.587, 0.114])
    assert np.allclose(recolored @ luma, 90, atol=1)
    assert np.allclose(np.diff(recolored, axis=-1), -40, atol=1)


def test_a_large_image_is_subsampled_for_color_matching():
    a, b = draw_images()
    large = np.kron(b, np.ones((60, 60, 1), "uint8"))
    assert np.abs(colors.match_colors(a, large).astype(int) - colors.match_colors(a, b)).max() <= 3


def test_matched_style_colors_follow_the_share():
    style, photo = draw_images()
    result = np.clip(style * 0.8 + 30, 0, 255).astype("uint8")  # a veil
    full = colors.match_style_colors(result, photo, [style], [1.0], 1.0)
    assert np.allclose(full.mean((0, 1)), style.mean((0, 1)), atol=2)
    assert np.allclose(full.std((0, 1)), style.std((0, 1)), atol=2)
    half = colors.match_style_colors(result, photo, [style], [1.0], 0.5).mean((0, 1))
    assert np.allclose(half, (style.mean((0, 1)) + photo.mean((0, 1))) / 2, atol=2)


def test_matching_style_colors_does_not_amplify_noise():
    style, photo = draw_images()
    rng = np.random.default_rng(1)
    flat = (120 + rng.integers(-2, 3, (40, 40, 3))).astype("uint8")
    assert (
        colors.match_style_colors(flat, photo, [style], [1.0], 1.0).std((0, 1)).max()
        < 1.6 * flat.std((0, 1)).max() + 1
    )


def test_a_dark_painting_is_brightened_and_keeps_its_hues():
    _, painting = draw_images()
    dim = (painting * 0.7).astype("uint8")
    brighter = colors.brighten(dim)
    rise = brighter.mean() - dim.mean()
    assert 5 < rise < 11, "of 255 levels"
    ratios = brighter.reshape(-1, 3).mean(0) / dim.reshape(-1, 3).mean(0)
    assert np.ptp(ratios) < 0.02


def test_a_painting_with_white_is_not_brightened():
    light = np.vstack([np.full((5, 20, 3), 255, "uint8"), np.full((50, 20, 3), 60, "uint8")])
    np.testing.assert_array_equal(colors.brighten(light), light)
