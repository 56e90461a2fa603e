"""Fixtures: a small super-resolution network and a photo of a cat."""

import pytest
import tiny_enhance

from studio.core.imaging import image_io, sample_photos


@pytest.fixture(scope="session")
def tiny(session_home):
    """A model in STUDIO_HOME/presets of the whole test run, which is not `home`."""
    return tiny_enhance.make(session_home / "tiny-enhance")


@pytest.fixture(scope="session")
def tiny_cleaner(session_home):
    """A model that cleans."""
    return tiny_enhance.make(session_home / "tiny-clean", tiny_enhance.CLEANING)


@pytest.fixture(scope="session")
def cat():
    """A photo, `(120, 90, 3) uint8`."""
    return image_io.resize(sample_photos.read_photo("chelsea")[:300, 100:325], 120, 90)
