"""Recipes pin the SHA-256 of their weights; a mismatch is reported."""

from __future__ import annotations

import shutil

import numpy as np
import paint
import pytest
import saved_models
import tiny_weights

from studio.core import recipes
from studio.core.errors import InvalidInput, Unavailable
from studio.core.models import pinned_weights, presets
from studio.core.weights import pretrained


def save_model(*values):
    """Saves a model under the name `mine`."""
    settings = paint.PaintSettings()
    recipe = recipes.make("fake.paint", settings, {})
    model = tiny_weights.Network(np.array(values))
    return saved_models.save("mine", model, "fake.paint", settings, "# Mine\n", recipe)


@pytest.fixture
def digest(home):
    """The SHA-256 of the user's model `mine`."""
    return save_model(1, 2).digest


def test_an_unchanged_model_is_found(digest):
    pinned_weights.check({"mine": digest})
    with pretrained.pin({"mine": digest, "other": "0" * 64}):
        assert presets.find("mine").digest == digest


def test_a_model_replaced_under_the_same_name_is_refused(digest):
    save_model(3, 4)
    message = f"made with another model mine .*{digest}.* than has that name now"
    with pytest.raises(Unavailable, match=message):
        pinned_weights.check({"mine": digest})
    with pretrained.pin({"mine": digest}), pytest.raises(Unavailable, match=message):
        presets.find("mine")
    assert presets.find("mine").digest != digest  # for replays


def test_a_missing_model_is_reported(digest):
    shutil.rmtree(presets.find("mine").folder)
    with pytest.raises(Unavailable, match=r"model mine .* is no longer here"):
        pinned_weights.check({"mine": digest})
    with pytest.raises(InvalidInput):
        presets.find("mine")


def test_weights_of_an_unknown_training_run_are_refused(home, monkeypatch):
    tiny_weights.install(monkeypatch)
    pinned_weights.check({"tiny": tiny_weights.MEMBER.sha256})
    with pytest.raises(Unavailable, match="another training run of Tiny"):
        pinned_weights.check({"tiny": "0" * 64})
