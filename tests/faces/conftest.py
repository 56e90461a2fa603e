"""A small generator for the tests of faces."""

from __future__ import annotations

import pytest
import tiny_faces

from studio.core import paths
from studio.core.weights import index


@pytest.fixture
def tiny(home) -> str:
    """The name of a stored generator that has an encoder."""
    return tiny_faces.make(paths.ensure_folder("presets") / "tiny").name


@pytest.fixture
def hide_shipped_models(monkeypatch) -> None:
    """Hides the models that ship with the studio."""
    monkeypatch.setattr(index, "load", lambda: index.Index(weights={}, presets={}))
