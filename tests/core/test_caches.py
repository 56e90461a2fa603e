"""Caches belong to the owner of their files, and are evicted by size."""

from __future__ import annotations

import os

import pytest

from studio.core import caches, owners, paths

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
