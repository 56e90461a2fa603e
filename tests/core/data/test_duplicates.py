"""Near-duplicates: found however they were made, and nothing else is."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from studio.core import paths
from studio.core.data import duplicates
from studio.core.data.cache import ImageDataset
from studio.core.errors import Cancelled
from studio.core.imaging import paintings, sample_photos
from studio.core.imaging.image_io import resize
from studio.core.progress import Progress
from training.drawings import avatars

pytestmark = pytest.mark.usefixtures("home")
SIZE = 96


def gathered(images) -> ImageDataset:
    images = np.stack(images)
    digests = np.stack([np.frombuffer(hashlib.sha256(i.tobytes()).digest(), "uint8") for i in images])
    return ImageDataset(images, tuple(map(str, range(len(images)))), digests=digests)


def middle(image, share=1.0):
    side = int(min(image.shape[:2]) * share)
    top, left = ((length - side) // 2 for length in image.shape[:2])
    return resize(np.ascontiguousarray(image[top : top + side, left : left + side]), SIZE, SIZE)


@pytest.fixture(scope="module")
def originals():
    found = [sample_photos.photo(name) for name in ("chelsea", "coffee", "rocket", "astronaut", "camera")]
    return found + [paintings.painting(name) for name in list(paintings.paintings())[:3]]


def saved(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


CHANGES = {
    "saved again": saved,
    "brighter": lambda image: np.clip(image * 0.7 + 60, 0, 255).astype("uint8"),
    "mirrored": lambda image: image[:, ::-1],
    "cropped": lambda image: middle(image, 0.9),
    "gray": lambda image: np.asarray(Image.fromarray(image).convert("L").convert("RGB")),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_image_is_known_again(originals, change):
    if change == "cropped":
        originals = originals[:5]  # of a drawn texture another part is another image
    plain = [middle(image) for image in originals]
    found = duplicates.find(gathered([*plain, *map(CHANGES[change], plain)]))
    count = len(originals)
    assert {tuple(pair) for pair in found.pairs} == {(n, n + count) for n in range(count)}
    assert np.array_equal(found.labels[:count], found.labels[count:])
    assert len(set(found.labels)) == count and found.alike.min() > duplicates.ALIKE


@pytest.mark.slow
def test_images_that_differ_are_no_duplicates(originals):
    faces = avatars.collection(60, seed=0, size=SIZE)["images"]
    found = duplicates.find(gathered([middle(image) for image in originals]))
    assert not len(found.pairs) and len(set(found.labels)) == len(originals)
    assert len(set(duplicates.find(gathered(faces)).labels)) > 30  # drawn ones may be alike


def test_what_is_alike_through_others_is_one_group(originals):
    cat = originals[0]
    row = [middle(cat, share) for share in (1.0, 0.9, 0.81, 0.73)]
    found = duplicates.find(gathered([*row, middle(originals[1])]))
    assert (0, 3) not in {tuple(pair) for pair in found.pairs}
    assert len(set(found.labels[:4])) == 1 and found.labels[4] != found.labels[0]


def test_flat_images_are_not_all_one(originals):
    flat = [np.full((SIZE, SIZE, 3), level, "uint8") for level in (0, 100, 101, 255)]
    assert not len(duplicates.find(gathered(flat)).pairs)


def test_the_same_images_are_compared_once(originals):
    plain = gathered([middle(image) for image in originals] * 1 + [middle(originals[0])[:, ::-1]])
    first = duplicates.find(plain)
    stopped = Progress(cancelled=lambda: True)
    assert np.array_equal(duplicates.find(plain, stopped).pairs, first.pairs)
    for path in (paths.folder("cache") / "near").iterdir():
        path.write_bytes(b"damaged")
    with pytest.raises(Cancelled):
        duplicates.find(plain, stopped)
    assert np.array_equal(duplicates.find(plain).labels, first.labels)


def alike_throughout(count):
    """Images of two classes, all of them one with a little noise."""
    rng = np.random.default_rng(0)
    base = np.kron(rng.integers(60, 200, (8, 8, 1)), np.ones((SIZE // 8, SIZE // 8, 3)))
    noisy = [np.clip(base + rng.normal(0, 20, base.shape), 0, 255).astype("uint8") for _ in range(count)]
    found = gathered(noisy)
    return replace(found, labels=np.arange(count) % 2, classes=("a", "b"))


def test_no_group_is_so_large_that_a_class_cannot_be_tested():
    found = duplicates.find(alike_throughout(60))
    assert np.bincount(found.labels).max() <= duplicates.LEAST_TOGETHER
    assert found.parted == 60  # and a user is told


@pytest.mark.slow
def test_of_frames_of_one_video_few_pairs_are_kept():
    found = duplicates.find(alike_throughout(400))
    assert len(found.pairs) <= 400 * duplicates._EACH * 6
    assert len(np.unique(found.pairs)) == 400  # each is among them
    rows = np.sort(found.pairs, axis=1)
    assert np.array_equal(rows, found.pairs) and len(np.unique(rows, axis=0)) == len(rows)
    assert np.all(np.diff(found.alike) <= 0)
