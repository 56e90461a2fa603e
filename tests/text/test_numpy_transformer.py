"""The Transformer in NumPy agrees with Keras, in any parts, beyond its window, and with int8 weights."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from studio.text import numpy_transformer
from studio.text.networks import quantize_network

SHAPES = [
    {"architecture": "transformer", "units": units, "heads": heads, "layers": layers, "sequence": sequence}
    for units, heads, layers, sequence in ((8, 1, 1, 8), (9, 2, 2, 8), (24, 3, 3, 40))
]


def make_text(length, batch=3):
    return np.random.default_rng(5).integers(0, 7, (batch, length)).astype("int32")


@pytest.mark.parametrize("shape", SHAPES)
def test_it_gives_the_logits_of_keras(build_networks, shape):
    core, network = build_networks(**shape)
    indices = make_text(200)
    expected, _ = core(indices, [ops.zeros((3, *state)) for state in core.state_shapes])
    logits, _ = network.run(indices, network.states(3))
    assert np.allclose(logits, expected, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_and_single_steps_give_the_same_logits(build_networks, shape):
    _, network = build_networks(**shape)
    indices = make_text(200)  # more than a cache holds
    whole, _ = network.run(indices, network.states(3))
    first, cache = network.run(indices[:, :70], network.states(3))
    stepped = []
    for column in indices[:, 70:].T:
        logits, cache = network.step(column, cache)
        stepped.append(logits)
    assert np.allclose(whole, np.concatenate([first, np.stack(stepped, 1)], axis=1), atol=1e-3)
    assert cache.keys.shape[3] == shape["sequence"] + numpy_transformer.MAX_PART


@pytest.mark.parametrize("before", [3, 60, 130])
def test_a_text_whose_cache_is_emptied_starts_again(build_networks, before):
    _, network = build_networks(**SHAPES[1])
    earlier, later = make_text(before), make_text(30)
    _, cache = network.run(earlier, network.states(3))
    continued, _ = network.run(later, network.run(earlier, network.states(3))[1])
    network.forget(cache, 1)
    logits, _ = network.run(later, cache)
    fresh, _ = network.run(later, network.states(3))
    assert np.allclose(logits[1], fresh[1], atol=1e-4) and np.allclose(
        logits[[0, 2]], continued[[0, 2]], atol=1e-4
    )
    assert not np.allclose(logits[0], fresh[0], atol=1e-2)


def test_attention_weights_add_up_to_one_within_the_window(build_networks):
    _, network = build_networks(**SHAPES[1])
    weights: list[np.ndarray] = []
    network.run(make_text(20), network.states(3), weights)
    assert len(weights) == 2 and all(each.shape == (3, 2, 20, 20) for each in weights)
    assert np.allclose(weights[0].sum(-1), 1, atol=1e-5)
    back = np.arange(20)[:, None] - np.arange(20)
    assert not weights[0][:, :, (back < 0) | (back >= 8)].any()


@pytest.mark.parametrize("shape", SHAPES)
def test_int8_weights_predict_like_float32(build_networks, shape):
    core, network = build_networks(**shape)
    network = type(network)(
        [w / max(w.shape) ** 0.5 for w in core.get_weights()], network.heads, network.window
    )
    eight, indices = quantize_network(network, 3), make_text(75)
    expected, _ = network.run(indices, network.states(3))
    logits, _ = eight.run(indices, eight.states(3))
    exp = [np.exp(each - each.max(-1, keepdims=True)) for each in (expected, logits)]
    first, second = (each / each.sum(-1, keepdims=True) for each in exp)
    assert np.abs(first - second).max() < 0.03 < first.std(axis=1).max()
    cache, stepped = eight.states(3), []
    for column in indices.T:
        step_logits, cache = eight.step(column, cache)
        stepped.append(step_logits)
    assert np.allclose(np.stack(stepped, 1), logits, atol=1e-4)
