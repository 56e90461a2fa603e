"""Kept files: what is kept only for now is gone afterwards, unless somebody else keeps the same."""

from __future__ import annotations

import os

import pytest

from studio.core import files, owners, paths
from studio.core.errors import Unavailable
from studio.core.tasks import File


def test_what_is_kept_for_now_is_gone_afterwards_with_the_note_of_its_owner(home):
    with owners.asking("visitor-a"):
        with files.for_now(b"seen once", "image", "camera.jpg") as file:
            assert file.read() == b"seen once"
        assert not file.here
        with pytest.raises(Unavailable):
            file.read()
    assert not list(paths.folder("files").iterdir())
    assert not [path for path in (home / "owners").rglob("*") if path.is_file()]


def test_it_is_gone_after_a_fault_too(home):
    with pytest.raises(KeyError), files.for_now(b"seen once", "image", "camera.jpg"):
        raise KeyError
    assert not list(paths.folder("files").iterdir())


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_somebody_keeps_stays(when, home):
    if when == "before":
        File.keep(b"mine", "image", "mine.jpg")
    with files.for_now(b"mine", "image", "camera.jpg") as file:
        if when == "meanwhile":
            os.utime(file.path, (0, 0))  # some time ago, even on a disk whose clock is coarse
            File.keep(b"mine", "image", "mine.jpg")
    assert file.read() == b"mine"
