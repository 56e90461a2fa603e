"""Near-copies of training images are found among all images."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.data import ImageDataset
from studio.core.data.split import split_by_count
from studio.core.metrics import comparison, inception
from studio.core.progress import Progress

COUNT = 3000


@pytest.fixture
def dataset(monkeypatch) -> ImageDataset:
    """Smooth noise, with sums of pixels as features."""
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(32 * 32, 64)) / 1000

    def compute_features(images, *_, **__):
        return (images.mean(-1).reshape(len(images), -1) @ sums).astype("float32")

    monkeypatch.setattr(inception, "compute_features", compute_features)
    coarse = rng.integers(0, 256, (COUNT, 8, 8, 1), "uint8")
    return ImageDataset(coarse.repeat(4, axis=1).repeat(4, axis=2), tuple(map(str, range(COUNT))))


def test_copies_and_mirrored_copies_of_training_images_are_detected(dataset):
    learned, held_out = split_by_count(COUNT, 0.1)
    scorer = comparison.Scorer(dataset, learned, held_out, 100, Progress())
    copies = dataset.images[learned[::27]].copy()
    copies[::2] = copies[::2, :, ::-1]
    fresh = np.random.default_rng(1).permuted(dataset.images[learned[::27]], axis=0)
    copied, new = (
        scorer.compare(images.repeat(3, axis=-1), Progress()).figures for images in (copies, fresh)
    )
    assert copied["learned_n"] == 2700 and copied["nearest_n"] == 100 and copied["held_out_n"] == 300
    assert copied["nearest"] == 0 < copied["nearest_held_out"]
    assert new["nearest"] == pytest.approx(new["nearest_held_out"], rel=0.2)
    assert "nearest of 2,700 training images" in comparison.make_card_rows(copied)[-1][0]


def test_nearest_images_are_found_and_mirrored_like_the_query(dataset):
    among = dataset.select(np.arange(0, COUNT, 2))
    queries = dataset.images[[40, 2998]].repeat(3, axis=-1)
    queries[1] = queries[1, :, ::-1]
    matches = comparison.find_nearest_images([queries[:1], queries[1:]], among, Progress())
    assert np.array_equal(matches[0], dataset.images[40])
    assert np.array_equal(matches[1], dataset.images[2998, :, ::-1])


def test_small_data_sets_select_by_the_kid_of_held_out_images(dataset, monkeypatch):
    learned, held_out = split_by_count(COUNT, 0.1)
    memorized, new = (dataset.images[rows[:250]] + np.uint8(1) for rows in (learned, held_out))
    values = []
    for limit in (COUNT + 1, COUNT):
        monkeypatch.setattr(comparison, "SMALL_DATASET_IMAGES", limit)
        scorer = comparison.Scorer(dataset, learned[:250], held_out, 250, Progress())
        values.append([scorer.measure_kid(images.repeat(3, axis=-1)) for images in (memorized, new)])
    (few_memorized, few_new), (many_memorized, many_new) = values
    assert few_memorized["kid"] > few_new["kid"] and many_memorized["kid"] < many_new["kid"]
    assert few_memorized["training kid"] == many_memorized["kid"] and set(many_new) == {"kid"}


def test_the_card_of_a_small_data_set_shows_both_kids(dataset):
    learned, held_out = split_by_count(COUNT, 0.1)
    scorer = comparison.Scorer(dataset, learned, held_out, 100, Progress())
    figures = scorer.compare(dataset.images[learned[:100]].repeat(3, axis=-1), Progress()).figures
    rows = dict(comparison.make_card_rows(figures))
    assert rows["KID x 1000, 100 generated against 300 held-out images"].startswith(
        f"{1000 * figures['kid']:.2f}"
    )
    training = rows["KID x 1000, 100 generated against 500 training images"]
    assert training.startswith(f"{1000 * figures['training_kid']:.2f}")


def test_with_too_few_held_out_images_kid_uses_training_images(dataset):
    learned, held_out = split_by_count(COUNT, 0.1)
    scorer = comparison.Scorer(dataset, learned, held_out[: comparison.MIN_IMAGES - 1], 100, Progress())
    assert set(scorer.measure_kid(dataset.images[learned[:100]])) == {"kid"}
