"""Temporary files are removed unless somebody stores the same content."""

from __future__ import annotations

import os

import pytest

from studio.core import files, owners, paths
from studio.core.errors import Unavailable
from studio.core.tasks import File


def test_a_temporary_file_is_removed_with_its_ownership(home):
    with owners.acting_as("visitor-a"):
        with files.store_temporarily(b"seen once", "image", "camera.jpg") as file:
            assert file.read() == b"seen once"
        assert not file.is_available
        with pytest.raises(Unavailable):
            file.read()
    assert not list(paths.ensure_folder("files").iterdir())
    assert not [path for path in (home / "owners").rglob("*") if path.is_file()]


def test_a_temporary_file_is_removed_after_an_exception(home):
    with pytest.raises(KeyError), files.store_temporarily(b"seen once", "image", "camera.jpg"):
        raise KeyError
    assert not list(paths.ensure_folder("files").iterdir())


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_file_that_is_stored_elsewhere_stays(when, home):
    if when == "before":
        File.store(b"mine", "image", "mine.jpg")
    with files.store_temporarily(b"mine", "image", "camera.jpg") as file:
        if when == "meanwhile":
            os.utime(file.path, (0, 0))  # old even for a file system with coarse timestamps
            File.store(b"mine", "image", "mine.jpg")
    assert file.read() == b"mine"
