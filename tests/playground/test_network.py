"""The playground network: gradients against finite differences, and encodings of coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.layers.activations import ACTIVATIONS
from studio.core.layers.network import Network
from studio.playground import losses
from studio.playground.inputs import make_position_encoding, pixel_positions

SMOOTH = [name for name in ACTIVATIONS if name != "step"]


def convert_to_doubles(network: Network, seed: int = 0) -> Network:
    """Returns the network with 64-bit weights, for finite differences."""
    network.initialize("glorot", np.random.default_rng(seed))
    network.weights = network.weights.astype("float64")
    network.layers = network.split_layers(network.weights)
    network.weights += np.random.default_rng(1).normal(size=network.weights.size) * 0.1  # biases, too
    return network


def compute_gradient(network, batch, target, loss, dropout=0.0):
    activations = network.forward(batch, dropout, np.random.default_rng(5))
    colors = losses.to_colors(loss, activations.sums[-1])
    flat = np.zeros_like(network.weights)
    network.backward(activations, losses.compute_gradient(loss, colors, target), network.split_layers(flat))
    return losses.compute_loss(loss, colors, target), flat


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("loss", ["mse", "mae", "cross_entropy"])
@pytest.mark.parametrize("activation", SMOOTH)
def test_the_gradient_agrees_with_finite_differences(activation, loss, dropout):
    rng = np.random.default_rng(2)
    network = convert_to_doubles(Network([5, 7, 7, 7, 3], activation))
    batch, target = rng.normal(size=(11, 5)), rng.random((11, 3))
    _, gradients = compute_gradient(network, batch, target, loss, dropout)
    for at in rng.choice(network.weights.size, 25, replace=False):
        ends = []
        for change in (1e-6, -1e-6):
            network.weights[at] += change
            ends.append(compute_gradient(network, batch, target, loss, dropout)[0])
            network.weights[at] -= change
        assert gradients[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-8)


def test_a_step_activation_has_no_gradient():
    network = convert_to_doubles(Network([5, 7, 7, 3], "step"))
    rng = np.random.default_rng(2)
    flat = compute_gradient(network, rng.normal(size=(11, 5)), rng.random((11, 3)), "mse")[1]
    first, second, last = network.split_layers(flat)
    assert not first.kernel.any() and not second.kernel.any() and last.kernel.any()


def test_finer_positions_lie_between_coarse_ones():
    coarse, fine = pixel_positions(4, 6).reshape(4, 6, 2), pixel_positions(8, 12).reshape(8, 12, 2)
    np.testing.assert_allclose(coarse, fine.reshape(4, 2, 6, 2, 2).mean((1, 3)), rtol=1e-6)
    np.testing.assert_array_equal(pixel_positions(8, 12, 3, 5).reshape(2, 12, 2), fine[3:5])
    assert fine[..., 0].max() < 1 and fine[..., 1].max() < 8 / 12


def test_fourier_features_are_sines_of_the_position():
    encoder = make_position_encoding(
        fourier_features=5, fourier_scale=3, coordinates="centered", longest=32, seed=4
    )
    encoded = encoder.encode(pixel_positions(8, 12))
    assert encoded.shape == (96, 12) and encoder.count == 12 and encoded.dtype == np.float32
    assert np.abs(encoded).max() <= 1
    angle = 2 * np.pi * (pixel_positions(8, 12) @ encoder.frequencies)
    np.testing.assert_allclose(encoded[:, 2:7], np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(encoded[:, 2:7] ** 2 + encoded[:, 7:] ** 2, 1, rtol=1e-5)
    assert make_position_encoding(0, 3, "pixels", 32, 4).encode(
        pixel_positions(8, 12)
    ).max() == pytest.approx(32 * 11.5 / 12)
