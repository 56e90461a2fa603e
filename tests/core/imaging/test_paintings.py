"""The sample paintings ship, have descriptions, and are quick to list."""

from __future__ import annotations

import subprocess
import sys

import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import paintings


@pytest.mark.parametrize("name", paintings.list_paintings())
def test_every_painting_is_shipped_and_has_a_description(name):
    painting = paintings.list_paintings()[name]
    assert painting.name == name and painting.title and painting.description.endswith(".")
    image = paintings.read_painting(name)
    assert image.shape == (512, 640, 3) and image.std() > 30


def test_all_paintings_differ():
    contents = {paintings.read_painting(name).tobytes() for name in paintings.list_paintings()}
    assert len(contents) == len(paintings.list_paintings()) >= 6


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(InvalidInput, match=r"mosaik. Did you mean mosaic. Use one of mosaic"):
        paintings.read_painting("mosaik")
    with pytest.raises(InvalidInput, match="one of"):
        paintings.read_painting("../avatars")


def test_listing_imports_no_large_packages():
    code = (
        "import sys; from studio.core.imaging import paintings; paintings.list_paintings();"
        "sys.exit(any(m in sys.modules for m in ('PIL', 'scipy', 'keras', 'tensorflow', 'jax')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
