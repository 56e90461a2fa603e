"""What the tests of faces share: a generator."""

from __future__ import annotations

import pytest
import tiny_faces

from studio.core import paths
from studio.core.weights import index


@pytest.fixture
def tiny(home) -> str:
    """The name of a generator and reads, among a user's own."""
    return tiny_faces.make(paths.folder("presets") / "tiny").name


@pytest.fixture
def nothing_ships(monkeypatch) -> None:
    """A studio without models of its own."""
    monkeypatch.setattr(index, "shipped", lambda: index.Index(weights={}, presets={}))
