"""The network's gradient against differences, its optimisers against those of Keras."""

from __future__ import annotations

import numpy as np
import pytest

from studio.paint import losses, optimisers
from studio.paint.activations import ACTIVATIONS
from studio.paint.inputs import inputs, places
from studio.paint.network import Network

SMOOTH = [name for name in ACTIVATIONS if name != "step"]


def in_doubles(network: Network, seed: int = 0) -> Network:
    """The network with weights of 64 bits, for differences."""
    network.initialise("glorot", np.random.default_rng(seed))
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
    network = in_doubles(Network(5, 3, 7, activation))
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
    network = in_doubles(Network(5, 2, 7, "step"))
    rng = np.random.default_rng(2)
    flat = gradient(network, rng.normal(size=(11, 5)), rng.random((11, 3)), "mse")[1]
    first, second, last = network.views(flat)
    assert not first.kernel.any() and not second.kernel.any() and last.kernel.any()


KERAS = {
    "sgd": lambda keras: keras.optimizers.SGD(0.02, weight_decay=0.1),
    "momentum": lambda keras: keras.optimizers.SGD(0.02, momentum=0.9, weight_decay=0.1),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.02, weight_decay=0.1),
    "adam": lambda keras: keras.optimizers.Adam(0.02, weight_decay=0.1),
}


@pytest.mark.parametrize("name", KERAS)
def test_steps_are_those_of_keras(name):
    import keras

    rng = np.random.default_rng(3)
    weights = rng.normal(size=40).astype("float32")
    theirs = keras.Variable(weights)
    known, ours = KERAS[name](keras), optimisers.Optimiser(name, weights.size, 0.02, 0.1)
    for _ in range(12):
        gradients = (rng.normal(size=40) * 10.0 ** rng.integers(-4, 2, 40)).astype("float32")
        known.apply([keras.ops.convert_to_tensor(gradients)], [theirs])
        ours.step(weights, gradients)
    np.testing.assert_allclose(weights, np.asarray(theirs), rtol=2e-5, atol=1e-6)


def test_layers_are_views_of_one_array():
    network = Network(6, 2, 4, "relu")
    assert network.weights.size == 6 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3
    network.layers[1].bias[:] = 7
    assert (network.weights == 7).sum() == 4
    network.initialise("zero", np.random.default_rng(0))
    assert not network.weights.any()


@pytest.mark.parametrize("how, kept", [("glorot", (0.3, 3)), ("small", (0, 1e-3)), ("large", (1e3, np.inf))])
def test_good_beginnings_hand_values_on_as_large_as_they_came(how, kept):
    rng = np.random.default_rng(0)
    network = Network(64, 5, 64, "tanh" if how == "glorot" else "none")
    network.initialise(how, rng)
    told = rng.normal(size=(500, 64)).astype("float32")
    values = network.forward(told).values[-1].std() / told.std()
    assert kept[0] < values < kept[1]


def test_finer_places_lie_between_coarse_ones():
    coarse, fine = places(4, 6).reshape(4, 6, 2), places(8, 12).reshape(8, 12, 2)
    np.testing.assert_allclose(coarse, fine.reshape(4, 2, 6, 2, 2).mean((1, 3)), rtol=1e-6)
    np.testing.assert_array_equal(places(8, 12, 3, 5).reshape(2, 12, 2), fine[3:5])
    assert fine[..., 0].max() < 1 and fine[..., 1].max() < 8 / 12


def test_the_network_is_given_waves_of_the_place():
    told = inputs(waves=5, fineness=3, coordinates="centred", longest=32, seed=4)
    found = told.of(places(8, 12))
    assert found.shape == (96, 12) and told.count == 12 and found.dtype == np.float32
    assert np.abs(found).max() <= 1
    angle = 2 * np.pi * (places(8, 12) @ told.frequencies)
    np.testing.assert_allclose(found[:, 2:7], np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(found[:, 2:7] ** 2 + found[:, 7:] ** 2, 1, rtol=1e-5)
    assert inputs(0, 3, "pixels", 32, 4).of(places(8, 12)).max() == pytest.approx(32 * 11.5 / 12)
