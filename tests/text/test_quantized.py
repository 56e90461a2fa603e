"""8-bit weights predict like the full weights; old recipes keep their precision."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.text import quantized
from studio.text.settings import WriteSettings
from studio.text.write import sample_characters

SHAPES = [
    {"architecture": architecture, "tied": tied, "layers": layers, "units": units}
    for architecture in ("lstm", "gru")
    for tied, layers, units in ((False, 1, 8), (True, 2, 33), (False, 3, 64))
]


def compute_probabilities(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_int8_predictions_are_close_to_float32(build_networks, shape):
    core, network = build_networks(**shape)
    core.set_weights([2 * w / w.shape[0] ** 0.5 for w in core.get_weights()])
    network = type(network)(core.get_weights(), shape["architecture"], shape["tied"])
    eight = quantized.Quantized(network, 3)
    whole = rounded = network.states(3)
    for indices in np.random.default_rng(0).integers(0, 7, (30, 3)):
        expected, whole = network.step(indices, whole)
        logits, rounded = eight.step(indices, rounded)
    assert np.abs(compute_probabilities(logits) - compute_probabilities(expected)).max() < 0.02
    assert expected.std(axis=0).max() > 0.05  # it distinguishes texts
    assert all(np.allclose(a, b, atol=0.05) for a, b in zip(rounded, whole, strict=True))


def test_quantization_errors_are_within_half_a_step():
    weights = np.random.default_rng(0).normal(size=(40, 6)).astype("float32") * 10.0 ** np.arange(-3, 3)
    rows = quantized.quantize_rows(np.concatenate([weights, np.zeros((40, 1), "float32")], axis=1))
    back = (rows.values * rows.scales[:, None]).T
    assert (np.abs(back[:, :6] - weights) <= np.abs(weights).max(0) / 127 * 0.501).all()
    assert not back[:, 6].any()


@pytest.mark.parametrize("count", [2, 9])
def test_the_first_text_does_not_depend_on_the_batch(network, letters, count):
    alone, many = (
        [
            int(indices[0])
            for indices, _ in itertools.islice(sample_characters(network, letters, settings), 200)
        ]
        for settings in (WriteSettings(seed=4), WriteSettings(seed=4, count=count))
    )
    assert alone == many
