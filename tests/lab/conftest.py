import pytest

from studio.lab import digits


@pytest.fixture(scope="session")
def lab_digits():
    """The digits that all tests of the lab share, as digits-vae generates them."""
    return digits.load_digits()
