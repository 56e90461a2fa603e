"""Fixtures for the tests of searches: a text to learn, and an engine."""

from __future__ import annotations

import pytest
from waiting import wait_until


@pytest.fixture
def text(home):
    """A text to train on."""
    from studio.core.tasks import File

    return {"text": [File.store(b"so it is", "text", "so.txt")]}


@pytest.fixture(scope="package")
def lanes(tmp_path_factory):
    """A running engine with real queues, on a separate STUDIO_HOME."""
    from studio.engine import Engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("search-home")))
        running = Engine(warm=False)
        try:
            wait_until(lambda: running.status() == "ready")
            yield running
        finally:
            running.close()
