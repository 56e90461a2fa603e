"""Fixtures for classifier tests: easy images of three classes, and safe copies in this process."""

from __future__ import annotations

import drawn_classes
import pytest
from copies_in_process import run_in_this_process

from studio.imported import sandboxed_process


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory):
    """A folder with 12 images of each of three classes."""
    return drawn_classes.make(tmp_path_factory.mktemp("drawn") / "shapes")


@pytest.fixture
def local_sandbox(home, monkeypatch):
    """Makes safe copies in this process, because a new process loads Keras for seconds."""
    monkeypatch.setattr(sandboxed_process, "run", run_in_this_process)
