"""Backbone features are computed once for each image and survive interruptions."""

from __future__ import annotations

from dataclasses import replace

import drawn_classes
import numpy as np
import pytest

from studio.classify.training import features as features_module
from studio.core import data
from studio.core.errors import Cancelled
from studio.core.objectives import backbones
from studio.core.progress import Progress


@pytest.fixture
def backbone(weights_home):
    return backbones.load("vgg16")


@pytest.fixture
def dataset(backbone, class_folder):
    return data.load_dataset(data.store_reference(str(class_folder)), 32)


def select_rows(dataset, rows):
    return replace(dataset, images=dataset.images[rows], digests=dataset.digests[rows])


def extract(dataset, backbone):
    """Returns the features, and for how many images they were computed."""
    totals = [0]
    progress = Progress(lambda report: totals.append(report.total))
    return features_module.extract_features(dataset, backbone, progress), max(totals)


def test_features_are_the_spatial_mean_of_the_activations(dataset, backbone):
    features, count = extract(dataset, backbone)
    assert features.shape == (36, 512) and count == 36
    maps = backbone.build_extractor(["block5_pool"])(np.asarray(dataset.images[:3]).astype("float32") / 255)
    assert np.allclose(features[:3], np.asarray(maps["block5_pool"]).mean(axis=(1, 2)), atol=1e-3)


def test_only_uncached_images_are_computed(dataset, backbone):
    first, count = extract(select_rows(dataset, np.arange(30)), backbone)
    assert count == 30
    everything, count = extract(dataset, backbone)
    assert count == 6 and np.array_equal(everything[:30], first)
    order = np.random.default_rng(0).permutation(36)
    shuffled, count = extract(select_rows(dataset, order), backbone)
    assert count == 0 and np.array_equal(shuffled, everything[order])


def test_copies_are_computed_once(dataset, backbone):
    features, count = extract(select_rows(dataset, np.array([0, 1, 0, 0, 2])), backbone)
    assert (
        count == 3
        and np.array_equal(features[0], features[3])
        and not np.array_equal(features[0], features[1])
    )
    assert features.any(axis=1).all()


def test_copies_do_not_depend_on_the_cache_on_disk(dataset, backbone, monkeypatch):
    # As while its parts are being merged.
    monkeypatch.setattr(features_module.FeatureCache, "add", lambda *arguments: None)
    features, _ = extract(select_rows(dataset, np.array([0, 1, 0, 2])), backbone)
    assert np.array_equal(features[0], features[2]) and features.any(axis=1).all()


@pytest.mark.slow
def test_other_weights_and_sizes_have_their_own_cache(dataset, backbone, class_folder):
    extract(dataset, backbone)
    other = replace(backbone, digest="f" * 64)
    assert extract(dataset, other)[1] == 36
    large = data.load_dataset(data.store_reference(str(class_folder)), 40)
    assert extract(large, backbone)[1] == 36


def test_canceling_keeps_the_computed_features(dataset, backbone, monkeypatch):
    monkeypatch.setattr(features_module, "BATCH", 8)
    reports = []
    stop = Progress(reports.append, lambda: bool(reports) and reports[-1].step >= 16)
    with pytest.raises(Cancelled):
        features_module.extract_features(dataset, backbone, stop)
    features, count = extract(dataset, backbone)
    assert count == 20 and features.any(axis=1).all()


def test_features_in_a_damaged_file_are_computed_again(dataset, backbone):
    first, _ = extract(dataset, backbone)
    (part,) = features_module.FeatureCache("vgg16", backbone.digest, 32).folder.iterdir()
    part.write_bytes(part.read_bytes()[:-100])
    recomputed, count = extract(dataset, backbone)
    assert count == 36 and np.array_equal(first, recomputed)


def test_many_small_files_are_merged(backbone, tmp_path):
    store = features_module.FeatureCache("vgg16", backbone.digest, 32)
    rng = np.random.default_rng(0)
    digests = rng.integers(0, 256, (40, 32)).astype("uint8")
    digests[3, -4:] = 0  # a text format would lose it
    rows = rng.normal(size=(40, 512)).astype("float32")
    for n in range(40):
        store.add(digests[n : n + 1], rows[n : n + 1])
    assert len(list(store.folder.iterdir())) <= 9
    values, is_stored = store.read(digests)
    assert is_stored.all() and np.array_equal(values, rows)


def test_the_drawn_classes_differ(class_folder, backbone):
    vectors = extract(data.load_dataset(data.store_reference(str(class_folder)), 32), backbone)[0]
    centers = vectors.reshape(len(drawn_classes.CLASSES), 12, -1).mean(axis=1)
    assert np.linalg.norm(centers[1] - centers[2]) > 1
