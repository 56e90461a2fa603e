"""Caches belong to the owner of their files, and are evicted by size."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np
import pytest

from studio.classify.training import activations, features
from studio.core import caches, owners, paths
from studio.core.data import near_duplicates, sets
from studio.core.data.cache import ImageDataset
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.engine import quotas
from studio.imported import safe_copies

ANN, BOB = "visitor-ann", "visitor-bob"


@pytest.fixture
def entry(home):
    """Adds an entry of an owner with a time of use: `entry("a", ANN, 3)`."""

    def add_entry(name: str, owner: str, used: int, size: int = 1000):
        path = paths.ensure_folder("cache") / "images" / name
        paths.write(path, bytes(size))
        with owners.acting_as(owner):
            caches.claim(path)
        if owner != owners.LOCAL:
            note = owners.folder(owner) / "caches" / paths.digest(f"images/{name}".encode())[:32]
            os.utime(note, (used, used))
        return path

    return add_entry


def test_the_least_recently_used_entries_are_evicted_first(entry):
    old, new, newest = entry("b", ANN, 1), entry("a", ANN, 2), entry("c", ANN, 3)
    assert caches.measure_used_bytes(ANN) == 3000
    caches.evict(ANN, 3000)
    assert old.exists()
    with owners.acting_as(ANN):
        caches.claim(old)  # used again
    caches.evict(ANN, 2500)
    assert [path.exists() for path in (old, new, newest)] == [True, False, True]
    caches.evict(ANN, 0)
    assert caches.measure_used_bytes(ANN) == 0 and not old.exists()


def test_entries_of_other_owners_and_the_local_owner_stay(entry):
    shared, own = entry("a", ANN, 1), entry("b", owners.LOCAL, 1)
    entry("a", BOB, 1)
    caches.evict(ANN, 0)
    assert shared.exists() and own.exists()
    assert (
        caches.measure_used_bytes(ANN),
        caches.measure_used_bytes(BOB),
        caches.measure_used_bytes(owners.LOCAL),
    ) == (0, 1000, 0)
    caches.evict(BOB, 0)
    assert not shared.exists()


def _load_zip(patch) -> None:
    """Loads the images of a zip of flat images, whose pixels take hundreds of times its size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(4):
            image = np.full((256, 256, 3), 60 * number, "uint8")
            file.writestr(f"{number}.png", image_io.encode_png(image))
    archive = File.store(packed.getvalue(), "dataset", "flat.zip")
    sets.load_dataset(archive, 256)
    assert caches.measure_used_bytes(ANN) > 100 * len(packed.getvalue())


def _make_dataset() -> ImageDataset:
    digests = np.arange(4 * 32, dtype="uint8").reshape(4, 32)
    return ImageDataset(np.zeros((4, 32, 32, 3), "uint8"), ("a", "b", "c", "d"), digests=digests)


def _find_duplicates(patch) -> None:
    near_duplicates.find(_make_dataset())


def _add_features(patch) -> None:
    features.FeatureCache("vgg16", "0" * 64, 32, width=8).add(_make_dataset().digests, np.ones((4, 8)))


def _compute_activations(patch) -> None:
    class Backbone:
        digest = "0" * 64

    def network(images):
        return np.ones((len(images), 2, 2, 3), "float16")

    patch.setattr(activations, "_compile_extractor", lambda backbone, layer: network)
    with activations.open_activations(_make_dataset(), Backbone(), "pool4", False, Progress()):
        pass


def _open_uploaded_model(patch) -> None:
    patch.setattr(
        presets, "unpack", lambda data, target: paths.write(target / "model.weights.h5", bytes(2000))
    )
    presets.from_zip(File.store(b"a zip", "model", "mine.zip"))


def _open_imported_model(patch) -> None:
    def fake_copy(file: File, target) -> None:
        paths.write(target / "copy.keras", bytes(2000))

    loaded = iter([None, object()])
    patch.setattr(safe_copies, "check", lambda stream, name: None)
    patch.setattr(safe_copies, "_make_copy", fake_copy)
    patch.setattr(safe_copies, "_load_copy", lambda target: next(loaded))
    safe_copies.get_or_make(File.store(b"a model", "model", "mine.keras"))


@pytest.mark.parametrize(
    "fill",
    [
        _load_zip,
        _find_duplicates,
        _add_features,
        _compute_activations,
        _open_uploaded_model,
        _open_imported_model,
    ],
)
def test_every_cache_of_an_owners_files_is_counted_and_evicted(fill, home, monkeypatch):
    """LiteRT's networks are tested in tests/core/litert/test_network.py."""
    before = _list_cache_files()
    with owners.acting_as(ANN):
        fill(monkeypatch)
    added = _list_cache_files() - before
    assert quotas.measure_usage(ANN).cache == sum(path.stat().st_size for path in added) > 0
    caches.evict(ANN, 0)
    assert not added & _list_cache_files() and quotas.measure_usage(ANN).cache == 0


def _list_cache_files() -> set:
    files = (path for path in paths.ensure_folder("cache").rglob("*") if path.is_file())
    return {path for path in files if path.suffix != ".lock"}
