"""The sample styles: drawn the same for a seed, rich all over, each unlike the others, kept once drawn."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.core.pictures import images, paintings
from studio.core.tasks import imported

pytestmark = pytest.mark.slow

NAMES = tuple(paintings.paintings())
SMALL = (160, 200)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def drawn(home):
    return {name: paintings.draw(name) for name in NAMES}


def _drawn_anew(name, seed, size=SMALL):
    return imported(f"studio.core.pictures.paintings.{name}:draw")(seed, size)


@pytest.mark.parametrize("name", NAMES)
def test_size_and_type(drawn, name):
    picture = drawn[name]
    assert picture.dtype == np.uint8
    assert picture.shape == (*paintings.paintings()[name].size, 3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 64), (97, 210)])
def test_any_size(name, size):
    assert _drawn_anew(name, 1, size).shape == (*size, 3)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bytes_other_seed_other_picture(name):
    first, again, other = (_drawn_anew(name, seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.parametrize("name", NAMES)
def test_no_empty_areas(drawn, name):
    """Every patch of an eighth of the width holds texture: a style is learnt from all of the picture."""
    grey = drawn[name].mean(axis=2)
    side = grey.shape[1] // 8
    patches = grey[: grey.shape[0] // side * side].reshape(-1, side, 8, side).swapaxes(1, 2)
    assert patches.std(axis=(2, 3)).min() > 4


def _colours(picture):
    """A histogram of 6 x 6 x 6 colours, summing to 1."""
    codes = picture.reshape(-1, 3) // 43 @ [36, 6, 1]
    return np.bincount(codes, minlength=216) / len(codes)


def _texture(picture):
    """Detail at five scales, how steep it is, and how far it runs one way (the structure tensor's coherence):
    logarithms, so that ratios count."""
    grey = picture.mean(axis=2)
    blurred = [grey, *(ndimage.gaussian_filter(grey, sigma) for sigma in (1, 2, 4, 8, 16))]
    bands = [(a - b).std() for a, b in itertools.pairwise(blurred)]
    down, right = ndimage.sobel(grey, 0), ndimage.sobel(grey, 1)
    yy, xx, yx = (ndimage.gaussian_filter(a * b, 4) for a, b in ((down, down), (right, right), (down, right)))
    coherence = np.hypot(yy - xx, 2 * yx) / (yy + xx + 1)
    gradient = np.hypot(down, right)
    return np.log([*bands, gradient.mean(), np.median(gradient) + 1, coherence.mean()])


@pytest.mark.parametrize("one, other", list(itertools.combinations(NAMES, 2)))
def test_any_two_differ_in_palette_and_texture(drawn, one, other):
    shared = np.minimum(_colours(drawn[one]), _colours(drawn[other])).sum()
    assert shared < 0.5
    assert np.abs(_texture(drawn[one]) - _texture(drawn[other])).max() > 0.25


def test_every_painting_has_words():
    assert len(NAMES) >= 6
    for name, painting in paintings.paintings().items():
        assert painting.name == name and painting.title and painting.description.endswith(".")


def test_unknown_name_names_the_closest(home):
    with pytest.raises(InvalidInput, match=r"mosaik. Did you mean mosaic. Use one of mosaic"):
        paintings.draw("mosaik")
    with pytest.raises(InvalidInput, match="one of"):
        paintings.draw("pigment")  # a module of the package, but no painting


@pytest.mark.parametrize("size", [(10, 640), (512, 5000)])
def test_sizes_out_of_reach_are_refused(home, size):
    with pytest.raises(InvalidInput, match=f"{size[1]} x {size[0]} px"):
        paintings.draw(NAMES[0], size=size)


def test_a_second_call_reads_the_cache(drawn, monkeypatch):
    monkeypatch.setattr(paintings, "imported", lambda path: pytest.fail(f"drew {path} again"))
    assert np.array_equal(paintings.draw(NAMES[0]), drawn[NAMES[0]])


def test_other_code_or_a_damaged_file_draws_again(home, monkeypatch):
    monkeypatch.setattr(paintings, "_version", lambda: "first")
    picture = paintings.draw(NAMES[0], 5, SMALL)
    (kept,) = paths.folder("cache").glob("*first.png")
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(paintings.draw(NAMES[0], 5, SMALL), picture)
    assert np.array_equal(images.read(kept), picture)
    paths.write(kept, images.encode_png(255 - picture))
    monkeypatch.setattr(paintings, "_version", lambda: "second")
    assert np.array_equal(paintings.draw(NAMES[0], 5, SMALL), picture)


def test_listing_loads_nothing_heavy():
    code = (
        "import sys; from studio.core.pictures import paintings; paintings.paintings();"
        "heavy = ('skimage', 'scipy', 'keras', 'tensorflow', 'jax', 'studio.core.pictures.paintings.mosaic');"
        "sys.exit(any(m in sys.modules for m in heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
