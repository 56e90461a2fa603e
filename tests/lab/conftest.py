import pytest

from studio.lab import digits


@pytest.fixture(scope="session")
def known():
    """The digits that all tests of the lab share, as digits-vae draws them."""
    return digits.digits()
