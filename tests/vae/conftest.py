"""Fixtures for the tests of VAEs: images that are learned in seconds, and settings that learn them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.vae.settings import TrainVaeSettings

TINY = {
    "steps": 6,
    "width": 4,
    "size": 28,
    "batch": 8,
    "test_every": 3,
    "latent_dim": 4,
    "colors": "gray",
    "likelihood": "bernoulli",
    "scored": 0,
}


def draw_discs(middles: np.ndarray) -> np.ndarray:
    """Returns bright discs with centers `(n, 2)` (row, column): `(n, 28, 28, 1) uint8`."""
    rows, columns = np.mgrid[:28, :28]
    far = np.hypot(rows - middles[:, :1, None], columns - middles[:, 1:, None])
    return (np.clip(6 - far, 0, 1) * 255).astype("uint8")[..., None]


@pytest.fixture(scope="session")
def middles() -> np.ndarray:
    """Centers of discs, `(128, 2)`."""
    return np.random.default_rng(0).uniform(8, 20, (128, 2))


@pytest.fixture(scope="session")
def discs(middles) -> np.ndarray:
    """A disc at each center."""
    return draw_discs(middles)


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)


@pytest.fixture(scope="session")
def tiny() -> TrainVaeSettings:
    return TrainVaeSettings(**TINY)


@pytest.fixture(scope="session")
def learning_settings() -> TrainVaeSettings:
    """Settings that learn to encode discs within seconds."""
    return TrainVaeSettings(
        **TINY
        | {"steps": 90, "test_every": 30, "width": 8, "batch": 16, "ema_steps": 20, "learning_rate": 0.005}
    )


@pytest.fixture(scope="session")
def trained(discs, learning_settings):
    """A VAE that was trained on all discs but the last 28."""
    from studio.vae import train

    return train.Trainer(discs, np.arange(100), np.arange(100, 128), learning_settings).fit()
