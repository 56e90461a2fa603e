"""What tests of training and of asking share: easy images of three classes, and quick safe copies."""

from __future__ import annotations

import drawn_classes
import pytest
from copies_in_process import in_this_process

from studio.imported import sandboxed_process


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder with 12 images of each of three classes."""
    return drawn_classes.make(tmp_path_factory.mktemp("drawn") / "shapes")


@pytest.fixture
def near(home, monkeypatch):
    """The safe copy is made in this process, since Keras takes seconds to load in a new one."""
    monkeypatch.setattr(sandboxed_process, "run", in_this_process)
