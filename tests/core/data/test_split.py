"""The split by SHA-256 keeps copies together and does not depend on the other images."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from studio.core import data
from studio.core.data import split
from studio.core.errors import Cancelled
from studio.core.imaging.image_io import resize
from studio.core.progress import Progress

pytestmark = pytest.mark.usefixtures("home")


def make_random_images(count: int, side: int = 16, seed: int = 0) -> np.ndarray:
    """Returns unrelated smooth images, `(n, side, side, 3) uint8`."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 6, 6, 3), "uint8")
    return np.stack([resize(image, side, side) for image in coarse])


def write_dataset(folder, images, copies=()) -> data.ImageDataset:
    folder.mkdir()
    for n, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{n:03}.png")
    for n, image in enumerate(copies):
        Image.fromarray(image).save(folder / f"{n:03} copy.jpg", quality=60)
    return data.load_dataset(data.store_reference(str(folder)), 16)


def test_added_images_move_none_from_training_to_test():
    sha256 = np.random.default_rng(0).integers(0, 256, (19_720, 32), "uint8")
    learned, _ = split.split(split.positions_from_sha256(sha256[:19_713]), 0.1)
    _, held_out = split.split(split.positions_from_sha256(sha256), 0.1)
    assert not set(learned) & set(held_out)
    assert len(held_out) == pytest.approx(1972, rel=0.05)


def test_the_position_of_an_image_depends_only_on_its_data(tmp_path):
    images = make_random_images(40)
    few, more = write_dataset(tmp_path / "a", images[:30]), write_dataset(tmp_path / "b", images)
    assert np.array_equal(split.compute_positions(few), split.compute_positions(more)[:30])
    larger = data.load_dataset(data.store_reference(str(tmp_path / "b")), 32)
    assert np.array_equal(split.compute_positions(more), split.compute_positions(larger))
    for name, part_images in (("c.npz", images[::-1]), ("d.npz", images[10:])):
        np.savez(tmp_path / name, images=part_images)
    first, second = (data.load_dataset(data.store_reference(str(tmp_path / f"{n}.npz")), 16) for n in "cd")
    assert np.array_equal(split.compute_positions(first)[:30][::-1], split.compute_positions(second))
    assert len(np.unique(split.compute_positions(first))) == 40


@pytest.mark.parametrize("change", [lambda one: one, lambda one: one[:, :, ::-1]])
def test_near_duplicates_share_the_smallest_of_their_positions(tmp_path, change):
    images = make_random_images(30, side=48)
    alone = split.compute_positions(write_dataset(tmp_path / "alone", images))
    together = split.compute_positions(write_dataset(tmp_path / "together", images, change(images)))
    assert len(together) == 60 and np.array_equal(together[::2], together[1::2])  # sorted by name
    assert np.all(together[1::2] <= alone) and 0 < np.count_nonzero(together[1::2] < alone) < 30


def test_only_the_last_positions_of_a_large_set_are_compared(tmp_path, monkeypatch):
    images = make_random_images(30, side=48)
    dataset = write_dataset(tmp_path / "set", images, images)
    positions_before = split.positions_from_sha256(dataset.source_sha256)
    monkeypatch.setattr(split, "MAX_COMPARED", 40)
    last = np.sort(np.argsort(positions_before)[-40:])
    positions = split.compute_positions(dataset)
    moved = np.flatnonzero(positions != positions_before)
    assert len(moved) and set(moved) <= set(last)
    complete_pairs = [n for n in range(0, 60, 2) if {n, n + 1} <= set(last)]
    assert complete_pairs and all(positions[n] == positions[n + 1] for n in complete_pairs)


def test_computing_positions_can_be_canceled(tmp_path):
    with pytest.raises(Cancelled):
        split.compute_positions(
            write_dataset(tmp_path / "set", make_random_images(30)), Progress(cancelled=lambda: True)
        )


def test_splits_start_at_fixed_positions():
    positions = np.random.default_rng(1).random(1000)
    learned, validation, held_out = split.split(positions, 0.05, 0.1)
    assert np.array_equal(held_out, np.flatnonzero(positions >= 0.9))
    assert np.array_equal(validation, np.flatnonzero((positions >= 0.85) & (positions < 0.9)))
    assert np.array_equal(np.sort(np.concatenate([learned, validation, held_out])), np.arange(1000))


def test_every_split_of_a_few_images_has_one():
    for seed in range(100):
        count = 3 + seed % 20
        positions = np.random.default_rng(seed).random(count)
        parts = split.split(positions, 0.05, 0.1)
        assert sorted(np.concatenate(parts)) == list(range(count)) and all(map(len, parts))
        # The parts do not overlap, in ascending order.
        assert all(positions[a].max() < positions[b].min() for a, b in pairwise(parts))


def test_the_test_split_has_at_least_half_of_its_share():
    positions = np.repeat(np.random.default_rng(2).random(100) * 0.8, 5)  # groups of five, none at the end
    learned, held_out = split.split(positions, 0.1)
    assert 25 <= len(held_out) < 30 and not set(positions[learned]) & set(positions[held_out])


def test_a_data_set_of_one_repeated_image_is_still_split():
    learned, validation, held_out = split.split(np.full(20, 0.3), 0.05, 0.1)
    assert len(learned) > 10 and len(validation) and len(held_out)
