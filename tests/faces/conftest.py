"""What the tests of faces share: the fake training, whose models draw, among the tasks."""

from __future__ import annotations

import pytest
import tiny_faces

from studio.core import paths, tasks


@pytest.fixture
def tiny(home, monkeypatch) -> str:
    """The name of a model that draws and reads, among a person's own."""
    monkeypatch.setitem(tasks.TASKS, tiny_faces.TASK, "tiny_faces:TRAIN")
    return tiny_faces.make(paths.folder("presets") / "tiny").name
