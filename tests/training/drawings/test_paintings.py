"""Generated paintings are deterministic, detailed, and differ from each other."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from studio.core.imaging import paintings as shipped
from training.drawings import paintings

pytestmark = pytest.mark.slow

NAMES = tuple(shipped.list_paintings())
SMALL = (80, 100)


@pytest.fixture(scope="module")
def images():
    return {name: paintings.draw(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_paintings_have_the_default_size_and_type(images, name):
    image = images[name]
    assert image.dtype == np.uint8
    assert image.shape == (512, 640, 3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 64), (65, 141)])
def test_paintings_can_have_any_size(name, size):
    assert paintings.draw(name, 1, size).shape == (*size, 3)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_determines_the_painting(name):
    first, again, other = (paintings.draw(name, seed, SMALL) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.parametrize("name", NAMES)
def test_every_area_has_texture(images, name):
    """Each patch of an eighth of the width has texture, because a style is learned from the full image."""
    gray = images[name].mean(axis=2)
    side = gray.shape[1] // 8
    patches = gray[: gray.shape[0] // side * side].reshape(-1, side, 8, side).swapaxes(1, 2)
    assert patches.std(axis=(2, 3)).min() > 4


def _compute_histogram(image):
    """Returns a histogram of 6 x 6 x 6 colors with a sum of 1."""
    codes = image.reshape(-1, 3) // 43 @ [36, 6, 1]
    return np.bincount(codes, minlength=216) / len(codes)


def _measure_texture(image):
    """Returns logarithms of detail at five scales, gradient strength and structure tensor coherence."""
    gray = image.mean(axis=2)
    blurred = [gray, *(ndimage.gaussian_filter(gray, sigma) for sigma in (1, 2, 4, 8, 16))]
    bands = [(a - b).std() for a, b in itertools.pairwise(blurred)]
    down, right = ndimage.sobel(gray, 0), ndimage.sobel(gray, 1)
    yy, xx, yx = (ndimage.gaussian_filter(a * b, 4) for a, b in ((down, down), (right, right), (down, right)))
    coherence = np.hypot(yy - xx, 2 * yx) / (yy + xx + 1)
    gradient = np.hypot(down, right)
    return np.log([*bands, gradient.mean(), np.median(gradient) + 1, coherence.mean()])


@pytest.mark.parametrize("one, other", list(itertools.combinations(NAMES, 2)))
def test_any_two_differ_in_palette_and_texture(images, one, other):
    shared = np.minimum(_compute_histogram(images[one]), _compute_histogram(images[other])).sum()
    assert shared < 0.5
    assert np.abs(_measure_texture(images[one]) - _measure_texture(images[other])).max() > 0.25
