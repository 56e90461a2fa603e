"""Near-duplicates are found after every kind of change, without false positives."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from studio.core import paths
from studio.core.data import near_duplicates
from studio.core.data.cache import ImageDataset
from studio.core.errors import Cancelled
from studio.core.imaging import paintings, sample_photos
from studio.core.imaging.image_io import resize
from studio.core.progress import Progress
from training.drawings.data_sets import draw_data_set

pytestmark = pytest.mark.usefixtures("home")
SIZE = 96


def make_dataset(images) -> ImageDataset:
    images = np.stack(images)
    digests = np.stack([np.frombuffer(hashlib.sha256(i.tobytes()).digest(), "uint8") for i in images])
    return ImageDataset(images, tuple(map(str, range(len(images)))), digests=digests)


def crop_middle(image, share=1.0):
    side = int(min(image.shape[:2]) * share)
    top, left = ((length - side) // 2 for length in image.shape[:2])
    return resize(np.ascontiguousarray(image[top : top + side, left : left + side]), SIZE, SIZE)


@pytest.fixture(scope="module")
def originals():
    images = [
        sample_photos.read_photo(name) for name in ("chelsea", "coffee", "rocket", "astronaut", "camera")
    ]
    return images + [paintings.read_painting(name) for name in list(paintings.list_paintings())[:3]]


def recompress(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


CHANGES = {
    "saved again": recompress,
    "brighter": lambda image: np.clip(image * 0.7 + 60, 0, 255).astype("uint8"),
    "mirrored": lambda image: image[:, ::-1],
    "cropped": lambda image: crop_middle(image, 0.9),
    "gray": lambda image: np.asarray(Image.fromarray(image).convert("L").convert("RGB")),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_of_an_image_are_detected(originals, change):
    if change == "cropped":
        originals = originals[:5]  # another part of a generated texture is a different image
    plain = [crop_middle(image) for image in originals]
    result = near_duplicates.find(make_dataset([*plain, *map(CHANGES[change], plain)]))
    count = len(originals)
    assert {tuple(pair) for pair in result.pairs} == {(n, n + count) for n in range(count)}
    assert np.array_equal(result.labels[:count], result.labels[count:])
    assert len(set(result.labels)) == count and result.correlations.min() > near_duplicates.MIN_CORRELATION


@pytest.mark.slow
def test_different_images_are_not_duplicates(originals):
    faces = draw_data_set("avatars", 60, seed=0, size=SIZE)["images"]
    result = near_duplicates.find(make_dataset([crop_middle(image) for image in originals]))
    assert not len(result.pairs) and len(set(result.labels)) == len(originals)
    assert len(set(near_duplicates.find(make_dataset(faces)).labels)) > 30  # generated ones may be similar


def test_chains_of_similar_images_form_one_group(originals):
    cat = originals[0]
    row = [crop_middle(cat, share) for share in (1.0, 0.9, 0.81, 0.73)]
    result = near_duplicates.find(make_dataset([*row, crop_middle(originals[1])]))
    assert (0, 3) not in {tuple(pair) for pair in result.pairs}
    assert len(set(result.labels[:4])) == 1 and result.labels[4] != result.labels[0]


def test_flat_images_are_not_duplicates(originals):
    flat = [np.full((SIZE, SIZE, 3), level, "uint8") for level in (0, 100, 101, 255)]
    assert not len(near_duplicates.find(make_dataset(flat)).pairs)


def test_results_are_cached_for_the_same_images(originals):
    plain = make_dataset(
        [crop_middle(image) for image in originals] * 1 + [crop_middle(originals[0])[:, ::-1]]
    )
    first = near_duplicates.find(plain)
    stopped = Progress(cancelled=lambda: True)
    assert np.array_equal(near_duplicates.find(plain, stopped).pairs, first.pairs)
    for path in (paths.ensure_folder("cache") / "near").iterdir():
        path.write_bytes(b"damaged")
    with pytest.raises(Cancelled):
        near_duplicates.find(plain, stopped)
    assert np.array_equal(near_duplicates.find(plain).labels, first.labels)


def make_similar_dataset(count):
    """Returns a data set of two classes whose images are all the same, with a little noise."""
    rng = np.random.default_rng(0)
    base = np.kron(rng.integers(60, 200, (8, 8, 1)), np.ones((SIZE // 8, SIZE // 8, 3)))
    noisy = [np.clip(base + rng.normal(0, 20, base.shape), 0, 255).astype("uint8") for _ in range(count)]
    dataset = make_dataset(noisy)
    return replace(dataset, labels=np.arange(count) % 2, classes=("a", "b"))


def test_the_size_of_groups_is_limited():
    result = near_duplicates.find(make_similar_dataset(60))
    assert np.bincount(result.labels).max() <= near_duplicates.MIN_GROUP_LIMIT
    assert result.cross_group_count == 60  # the user is informed


@pytest.mark.slow
def test_the_number_of_pairs_is_limited():
    result = near_duplicates.find(make_similar_dataset(400))
    assert len(result.pairs) <= 400 * near_duplicates._MAX_PAIRS_PER_IMAGE * 6
    assert len(np.unique(result.pairs)) == 400  # each image is in a pair
    rows = np.sort(result.pairs, axis=1)
    assert np.array_equal(rows, result.pairs) and len(np.unique(rows, axis=0)) == len(rows)
    assert np.all(np.diff(result.correlations) <= 0)
