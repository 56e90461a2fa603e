"""Easy pictures of three classes, for all tests of teaching."""

from __future__ import annotations

import drawn_classes
import pytest


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder with 12 pictures of each of three classes."""
    return drawn_classes.make(tmp_path_factory.mktemp("drawn") / "shapes")
