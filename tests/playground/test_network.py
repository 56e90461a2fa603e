"""The network's gradient against differences, and what it is told of a place."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.layers.activations import ACTIVATIONS
from studio.core.layers.network import Network
from studio.playground import losses
from studio.playground.inputs import inputs, places

SMOOTH = [name for name in ACTIVATIONS if name != "step"]


def in_doubles(network: Network, seed: int = 0) -> Network:
    """The network with weights of 64 bits, for differences."""
    network.initialize("glorot", np.random.default_rng(seed))
    network.weights = network.weights.astype("float64")
    network.layers = network.views(network.weights)
    network.weights += np.random.default_rng(1).normal(size=network.weights.size) * 0.1  # biases, too
    return network


def gradient(network, told, wanted, loss, dropout=0.0):
    found = network.forward(told, dropout, np.random.default_rng(5))
    colors = losses.painted(loss, found.sums[-1])
    flat = np.zeros_like(network.weights)
    network.backward(found, losses.gradient(loss, colors, wanted), network.views(flat))
    return losses.value(loss, colors, wanted), flat


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("loss", ["mse", "mae", "cross_entropy"])
@pytest.mark.parametrize("activation", SMOOTH)
def test_the_gradient_is_that_of_differences(activation, loss, dropout):
    rng = np.random.default_rng(2)
    network = in_doubles(Network([5, 7, 7, 7, 3], activation))
    told, wanted = rng.normal(size=(11, 5)), rng.random((11, 3))
    _, found = gradient(network, told, wanted, loss, dropout)
    for at in rng.choice(network.weights.size, 25, replace=False):
        ends = []
        for change in (1e-6, -1e-6):
            network.weights[at] += change
            ends.append(gradient(network, told, wanted, loss, dropout)[0])
            network.weights[at] -= change
        assert found[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-8)


def test_a_step_hands_nothing_back():
    network = in_doubles(Network([5, 7, 7, 3], "step"))
    rng = np.random.default_rng(2)
    flat = gradient(network, rng.normal(size=(11, 5)), rng.random((11, 3)), "mse")[1]
    first, second, last = network.views(flat)
    assert not first.kernel.any() and not second.kernel.any() and last.kernel.any()


def test_finer_places_lie_between_coarse_ones():
    coarse, fine = places(4, 6).reshape(4, 6, 2), places(8, 12).reshape(8, 12, 2)
    np.testing.assert_allclose(coarse, fine.reshape(4, 2, 6, 2, 2).mean((1, 3)), rtol=1e-6)
    np.testing.assert_array_equal(places(8, 12, 3, 5).reshape(2, 12, 2), fine[3:5])
    assert fine[..., 0].max() < 1 and fine[..., 1].max() < 8 / 12


def test_the_network_is_given_waves_of_the_place():
    told = inputs(fourier_features=5, fourier_scale=3, coordinates="centered", longest=32, seed=4)
    found = told.of(places(8, 12))
    assert found.shape == (96, 12) and told.count == 12 and found.dtype == np.float32
    assert np.abs(found).max() <= 1
    angle = 2 * np.pi * (places(8, 12) @ told.frequencies)
    np.testing.assert_allclose(found[:, 2:7], np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(found[:, 2:7] ** 2 + found[:, 7:] ** 2, 1, rtol=1e-5)
    assert inputs(0, 3, "pixels", 32, 4).of(places(8, 12)).max() == pytest.approx(32 * 11.5 / 12)
