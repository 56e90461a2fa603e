"""Fixtures: a small text, and settings that learn it within seconds."""

from __future__ import annotations

import numpy as np
import pytest

from studio.text import model
from studio.text.networks import AnyNetwork, build_network
from studio.text.settings import TrainTextSettings
from studio.text.vocabulary import Vocabulary

TINY = {"units": 24, "embedding": 8, "streams": 4, "sequence": 16, "learning_rate": 0.01, "patience": 0}


@pytest.fixture(scope="session")
def rhyme() -> str:
    """A text of about 8,000 characters from a simple random grammar."""
    rng = np.random.default_rng(0)
    who, what = (
        ["the cat", "a dog", "my aunt", "no king"],
        ["milk", "long interpolations", "the sea", "tea at noon"],
    )
    return "".join(f"{rng.choice(who)} likes {rng.choice(what)}.\n" for _ in range(330))


@pytest.fixture(scope="session")
def tiny() -> TrainTextSettings:
    """Settings of a small model and few steps."""
    return TrainTextSettings(**TINY, epochs=2)


def build(size: int = 7, **shape) -> tuple[model.CharacterModel, AnyNetwork]:
    """Returns a model with larger weights than usual, so that differences show, and its NumPy version."""
    settings = TrainTextSettings(**{"units": 8, "embedding": 5, **shape})
    core = model.build_model(settings, size)
    rng = np.random.default_rng(1)
    core.set_weights([rng.normal(size=w.shape).astype("float32") for w in core.get_weights()])
    return core, build_network(core.get_weights(), settings)


@pytest.fixture(scope="session")
def build_networks():
    """Builds a model in Keras and NumPy: `build_networks(size=7, **shape) -> (core, network)`."""
    return build


@pytest.fixture(scope="session")
def network() -> AnyNetwork:
    """A network for `letters` with random weights."""
    return build(size=7)[1]


@pytest.fixture(scope="session")
def letters() -> Vocabulary:
    return Vocabulary("\nabcdef")
