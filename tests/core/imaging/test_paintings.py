"""The sample paintings ship, have descriptions, and are quick to list."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import paintings


@pytest.mark.parametrize("name", paintings.list_paintings())
def test_every_painting_is_shipped_and_has_words(name):
    painting = paintings.list_paintings()[name]
    assert painting.name == name and painting.title and painting.description.endswith(".")
    image = paintings.read_painting(name)
    assert image.shape == (512, 640, 3) and image.std() > 30


def test_no_two_are_the_same():
    contents = {paintings.read_painting(name).tobytes() for name in paintings.list_paintings()}
    assert len(contents) == len(paintings.list_paintings()) >= 6


def test_an_unknown_name_names_the_closest():
    with pytest.raises(InvalidInput, match=r"mosaik. Did you mean mosaic. Use one of mosaic"):
        paintings.read_painting("mosaik")
    with pytest.raises(InvalidInput, match="one of"):
        paintings.read_painting("../avatars")


def test_listing_loads_nothing_heavy():
    code = (
        "import sys; from studio.core.imaging import paintings; paintings.list_paintings();"
        "sys.exit(any(m in sys.modules for m in ('PIL', 'scipy', 'keras', 'tensorflow', 'jax')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
