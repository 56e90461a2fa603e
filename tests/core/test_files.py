"""Temporary files are removed unless somebody stores the same content."""

from __future__ import annotations

import os

import pytest

from studio.core import files, owners, paths
from studio.core.errors import Unavailable
from studio.core.tasks import File


def test_what_is_kept_for_now_is_gone_afterwards_with_the_note_of_its_owner(home):
    with owners.acting_as("visitor-a"):
        with files.temporary_file(b"seen once", "image", "camera.jpg") as file:
            assert file.read() == b"seen once"
        assert not file.is_available
        with pytest.raises(Unavailable):
            file.read()
    assert not list(paths.folder("files").iterdir())
    assert not [path for path in (home / "owners").rglob("*") if path.is_file()]


def test_it_is_gone_after_a_fault_too(home):
    with pytest.raises(KeyError), files.temporary_file(b"seen once", "image", "camera.jpg"):
        raise KeyError
    assert not list(paths.folder("files").iterdir())


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_somebody_keeps_stays(when, home):
    if when == "before":
        File.keep(b"mine", "image", "mine.jpg")
    with files.temporary_file(b"mine", "image", "camera.jpg") as file:
        if when == "meanwhile":
            os.utime(file.path, (0, 0))  # old even for a file system with coarse timestamps
            File.keep(b"mine", "image", "mine.jpg")
    assert file.read() == b"mine"
