"""A photo and a painting that need no download."""

from __future__ import annotations

import pytest

from studio.core import samples


@pytest.fixture(scope="session")
def photo():
    return samples.photo("chelsea")


@pytest.fixture(scope="session")
def painting():
    from studio.style import paintings

    return paintings.draw("brush_strokes")
