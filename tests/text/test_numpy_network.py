"""The NumPy network agrees with Keras, and with reading a text in pieces."""

from __future__ import annotations

import keras
import numpy as np
import pytest

SHAPES = [
    {"architecture": architecture, "tied": tied, "layers": layers}
    for architecture in ("lstm", "gru")
    for tied in (False, True)
    for layers in (1, 3)
]


@pytest.mark.parametrize("shape", SHAPES)
def test_it_gives_the_logits_of_keras(build_networks, shape):
    core, network = build_networks(**shape)
    indices = np.random.default_rng(2).integers(0, 7, (3, 9)).astype("int32")
    expected, states = core(indices, [keras.ops.zeros((3, 8)) for _ in core.state_shapes])
    logits, after = network.run(indices, network.states(3))
    assert np.allclose(logits, expected, atol=1e-4)
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(after, states, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_and_single_steps_give_the_same_logits(build_networks, shape):
    _, network = build_networks(**shape)
    indices = np.random.default_rng(3).integers(0, 7, (2, 10))
    whole, _ = network.run(indices, network.states(2))
    first, states = network.run(indices[:, :4], network.states(2))
    stepped = []
    for column in indices[:, 4:].T:
        logits, states = network.step(column, states)
        stepped.append(logits)
    assert np.allclose(whole, np.concatenate([first, np.stack(stepped, 1)], axis=1), atol=1e-4)


def test_streams_are_independent(build_networks):
    _, network = build_networks()
    indices = np.random.default_rng(4).integers(0, 7, (3, 12))
    together, _ = network.run(indices, network.states(3))
    for n, row in enumerate(indices):
        alone, _ = network.run(row[None], network.states(1))
        assert np.allclose(together[n], alone[0], atol=1e-4)
