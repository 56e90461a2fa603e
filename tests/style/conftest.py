"""A photo and a painting that need no download."""

from __future__ import annotations

import pytest

from studio.core.imaging import sample_photos


@pytest.fixture(scope="session")
def photo():
    return sample_photos.read_photo("chelsea")


@pytest.fixture(scope="session")
def painting():
    from studio.core.imaging import paintings

    return paintings.read_painting("brush_strokes")
