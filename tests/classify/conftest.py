"""What tests of teaching and of asking share: easy pictures of three classes, and quick safe copies."""

from __future__ import annotations

import drawn_classes
import pytest
from near_copies import in_this_process

from studio.core.brought import models as core_brought


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder with 12 pictures of each of three classes."""
    return drawn_classes.make(tmp_path_factory.mktemp("drawn") / "shapes")


@pytest.fixture
def near(home, monkeypatch):
    """The safe copy is made in this process, since Keras takes seconds to load in a new one."""
    monkeypatch.setattr(core_brought, "_answer", in_this_process)
