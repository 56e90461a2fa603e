"""Fixtures for the tests of diffusion models: images of two classes, and settings for a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from studio.diffusion.settings import TrainDiffusionSettings


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Bright squares on the left (even rows) and on the right, `(96, 28, 28, 1) uint8`."""
    rng = np.random.default_rng(0)
    images = np.zeros((96, 28, 28, 1), "uint8")
    for n, (top, shift) in enumerate(rng.integers(0, 5, (96, 2))):
        left = 2 + shift + 14 * (n % 2)
        images[n, 8 + top : 16 + top, left : left + 8] = rng.integers(200, 256)
    return images


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    """The class of each image: 0 for a square on the left, 1 on the right."""
    return np.arange(96) % 2


@pytest.fixture(scope="session")
def tiny() -> TrainDiffusionSettings:
    return TrainDiffusionSettings(
        steps=4, width=16, size=28, colors="gray", flip=False, batch=4, test_every=2, scored=0
    )


@pytest.fixture(autouse=True)
def _sample_in_few_steps(monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)
    monkeypatch.setattr("studio.diffusion.train.PREVIEW_STEPS", 1)
    monkeypatch.setattr("studio.diffusion.task.STEPS", 2)
    monkeypatch.setattr("studio.diffusion.task.CARD_IMAGES", 4)
