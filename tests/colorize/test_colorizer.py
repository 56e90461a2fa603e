"""Colorization: predictions of the network, and how they are merged with the image."""

import numpy as np
import pytest
import tiny_colorize

from studio.colorize import bins, color_logits, colorizer, lab, tint, upsample
from studio.colorize.colorizer import Options
from studio.core.imaging import image_io, sample_photos


@pytest.fixture(scope="module")
def network(tiny):
    return colorizer.load_colorizer(tiny)


def to_gray_levels(image):
    """Returns the gray level with the same lightness, `(H, W)`."""
    levels = lab.lightness(np.arange(256, dtype="uint8")[:, None].repeat(3, 1))
    return np.interp(lab.lightness(image), levels, np.arange(256))


def test_lab_agrees_with_scikit_image(cat):
    from skimage.color import rgb2lab

    both = lab.from_rgb(cat)
    np.testing.assert_allclose(both, rgb2lab(cat), atol=0.02)
    np.testing.assert_array_equal(lab.to_levels(lab.to_linear(both)), cat)
    np.testing.assert_allclose(lab.lightness(cat), both[..., 0], atol=1e-3)


@pytest.mark.slow
def test_the_exported_network_gives_the_output_of_keras(network):
    rng = np.random.default_rng(0)
    planes = rng.uniform(-1, 1, (1, 48, 64, 4)).astype("float32")
    expected = tiny_colorize.build_network().predict_on_batch(planes)
    (output,) = network._network(planes)
    np.testing.assert_allclose(output, expected, atol=0.03 * np.abs(expected).max())
    assert np.corrcoef(output.ravel(), np.asarray(expected).ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("vividness", [0.0, 1.0])
def test_colorizing_keeps_the_lightness_and_adds_color(network, cat, vividness):
    colored = network.colorize(cat, Options(vividness, variant=3))[0]
    assert np.abs(to_gray_levels(colored) - to_gray_levels(cat)).max() < 1
    assert colored.shape == cat.shape and np.ptp(colored.astype(int), axis=2).max() > 10


def test_any_color_keeps_its_lightness_in_srgb():
    light = lab.lightness(np.arange(256, dtype="uint8")[:, None].repeat(3, 1))
    centers = bins.centers()
    whole = light[:, None].repeat(len(centers), 1)
    colored = upsample.to_rgb(whole, np.broadcast_to(centers, (*whole.shape, 2)))
    assert np.abs(to_gray_levels(colored) - np.arange(256)[:, None]).max() < 1
    gray = upsample.to_rgb(light, np.zeros((256, 2), "float32"))
    np.testing.assert_array_equal(gray, np.arange(256)[:, None].repeat(3, 1))


def test_colors_follow_edges():
    light = np.full((80, 120), 30, "float32")
    light[:, 61:] = 80
    colors = np.zeros((20, 30, 2), "float32")
    colors[:, :15], colors[:, 15:] = (40, 0), (-40, 0)
    line = upsample.fit_lines(colors, light)
    laid = line[..., 0] * light + line[..., 2]
    assert (laid[:, :60] > 20).all() and (laid[:, 62:] < -20).all()


def test_strips_have_no_seams(network, cat, monkeypatch):
    expected = network.colorize(cat, Options())[0]
    monkeypatch.setattr(upsample, "_STRIP_PIXELS", 7 * 90)
    np.testing.assert_array_equal(network.colorize(cat, Options())[0], expected)


def test_a_color_hint_fills_its_object_and_stops_at_the_edge(network):
    photo = np.full((120, 160, 3), 60, "uint8")
    photo[:, 80:] = 180  # two areas with an edge between them
    photo += np.random.default_rng(0).integers(0, 9, (120, 160, 1), "uint8")  # grain is no edge
    layer = np.zeros((120, 160, 4), "uint8")
    layer[40:60, 20:50] = (120, 60, 60, 255)
    plain = network.colorize(photo, Options())[0]
    hinted = network.colorize(photo, Options(color_hints=layer))[0]
    red = lab.from_rgb(np.array([120, 60, 60], "uint8"))[1]
    a_star = lab.from_rgb(hinted)[..., 1]
    assert (a_star[:, :76] > 0.8 * red).all()
    np.testing.assert_array_equal(hinted[:, 84:], plain[:, 84:])
    assert np.abs(to_gray_levels(hinted) - to_gray_levels(photo)).max() < 1


def test_two_hints_on_one_area_share_it_and_gray_stays_gray(network):
    photo = np.full((60, 120, 3), 128, "uint8")
    layer = np.zeros((60, 120, 4), "uint8")
    layer[20:40, 10:30], layer[20:40, 90:110] = (40, 80, 200, 255), (128, 128, 128, 255)
    pixels = lab.from_rgb(network.colorize(photo, Options(color_hints=layer))[0])
    assert (pixels[:, :30, 2] < -40).all() and np.abs(pixels[20:40, 92:108, 1:]).max() < 3


def test_a_layer_without_hints_changes_nothing(network, cat):
    nothing = Options(color_hints=np.zeros((*cat.shape[:2], 4), "uint8"))
    np.testing.assert_array_equal(network.colorize(cat, nothing)[0], network.colorize(cat, Options())[0])


def test_an_example_raises_the_probability_of_its_colors():
    prior = np.full(len(bins.centers()), 1 / len(bins.centers()), "float32")
    red = np.full((20, 20, 3), (200, 40, 40), "uint8")
    leaning = color_logits.compute_example_bias(red, prior)
    best = bins.centers()[leaning.argmax(axis=1)]
    assert (best[:, 0] > 40).all()
    logits = color_logits.add_bias(np.zeros((2, 2, len(prior)), "float32"), np.full((2, 2), 50.0), leaning)
    assert (color_logits.annealed_mean(logits)[..., 0] > 30).all()


def test_variants_differ_and_are_reproducible():
    first, second = color_logits.draw_variant_bias(1), color_logits.draw_variant_bias(2)
    np.testing.assert_array_equal(color_logits.draw_variant_bias(1), first)
    assert not color_logits.draw_variant_bias(0).any() and np.abs(first - second).max() > 1


def test_the_annealed_mean_goes_from_the_mean_to_the_mode():
    logits = np.zeros(len(bins.centers()), "float32")
    logits[[10, 100]] = 20, 19
    mean = color_logits.annealed_mean(logits, 1)
    likeliest = color_logits.annealed_mean(logits, 0.05)
    np.testing.assert_allclose(likeliest, bins.centers()[10], atol=0.1)
    shares = np.exp([0, -1]) / np.exp([0, -1]).sum()
    np.testing.assert_allclose(mean, shares @ bins.centers()[[10, 100]], atol=0.1)


def test_soft_encoding_preserves_the_color():
    colors = np.array([[0, 0], [33, -21], [-40, 38]], "float32")
    np.testing.assert_allclose(bins.soft_encode(colors) @ bins.centers(), colors, atol=1.5)


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_tints_are_distinguished_from_colors(name):
    photo = sample_photos.read_photo(name)
    gray = image_io.to_gray(photo).repeat(3, axis=2)
    warm = np.rint(gray * np.array([1.0, 0.86, 0.68])).astype("uint8")
    noisy = np.clip(warm + np.random.default_rng(0).normal(0, 3, warm.shape), 0, 255).astype("uint8")
    kinds = [tint.kind_of(image) for image in (photo, gray, warm, noisy)]
    assert kinds == ["colored", "gray", "tinted", "tinted"]
