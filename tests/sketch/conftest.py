"""A small network that paints."""

import pytest
import tiny_sketch


@pytest.fixture(scope="session")
def tiny(session_home):
    """Saved in a folder of the whole run's home."""
    return tiny_sketch.make(session_home / "tiny-outline")
