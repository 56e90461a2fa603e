"""The negative log-likelihood of an untrained model is the logarithm of the alphabet size."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.core.progress import Progress
from studio.text import cross_entropy
from studio.text.numpy_network import Network


def test_a_uniform_model_has_the_loss_of_guessing(build_networks):
    core, _ = build_networks(size=11)
    blank = Network([np.zeros_like(array) for array in core.get_weights()])
    score = cross_entropy.score(blank, np.arange(50) % 11)
    assert score.nats_per_char == pytest.approx(math.log(11), abs=1e-6)
    assert score.bits_per_char == pytest.approx(math.log2(11), abs=1e-6)
    assert score.chars == 49


def test_an_untrained_model_is_as_good_as_guessing():
    from studio.text import model
    from studio.text.settings import TrainTextSettings

    core = model.build_model(TrainTextSettings(units=32), 65)
    indices = np.random.default_rng(0).integers(0, 65, 500)
    assert cross_entropy.score(Network(core.get_weights()), indices).nats_per_char == pytest.approx(
        math.log(65), abs=0.02
    )


def test_the_state_carries_over_the_whole_text(network, monkeypatch):
    indices = np.random.default_rng(1).integers(0, 7, 300)
    logits, _ = network.run(indices[None, :-1], network.states(1))
    chances = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    expected = -np.log(chances[np.arange(299), indices[1:]])
    monkeypatch.setattr(cross_entropy, "CHARS_PER_REPORT", 64)
    assert np.allclose(cross_entropy.compute_losses(network, indices), expected, atol=1e-3)


def test_streams_are_parts_of_the_text(network):
    indices = np.random.default_rng(2).integers(0, 7, 101)
    halves = cross_entropy.compute_losses(network, indices, streams=2)
    whole = cross_entropy.compute_losses(network, indices)
    assert np.allclose(halves[:50], whole[:50], atol=1e-4)
    assert np.allclose(halves[50:], cross_entropy.compute_losses(network, indices[50:]), atol=1e-4)


def test_scoring_reports_progress(network, monkeypatch):
    monkeypatch.setattr(cross_entropy, "CHARS_PER_REPORT", 40)
    steps = []
    cross_entropy.score(
        network, np.zeros(101, int), progress=Progress(lambda r: steps.append((r.step, r.total)))
    )
    assert steps == [(40, 100), (80, 100), (100, 100)]
