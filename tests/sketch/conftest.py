"""A small sketch network."""

import pytest
import tiny_sketch


@pytest.fixture(scope="session")
def tiny(session_home):
    """A model in a folder of the whole test run."""
    return tiny_sketch.make(session_home / "tiny-outline")
