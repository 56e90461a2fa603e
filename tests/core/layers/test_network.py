"""Layers share one weight array, gradients reach the inputs, and optimizer steps agree with Keras."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.layers import optimizers
from studio.core.layers.network import Network

KERAS = {
    "sgd": lambda keras: keras.optimizers.SGD(0.02, weight_decay=0.1),
    "momentum": lambda keras: keras.optimizers.SGD(0.02, momentum=0.9, weight_decay=0.1),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.02, weight_decay=0.1),
    "adam": lambda keras: keras.optimizers.Adam(0.02, weight_decay=0.1),
}


@pytest.mark.parametrize("name", KERAS)
def test_optimizer_steps_agree_with_keras(name):
    import keras

    rng = np.random.default_rng(3)
    weights = rng.normal(size=40).astype("float32")
    variable = keras.Variable(weights)
    reference, optimizer = KERAS[name](keras), optimizers.Optimizer(name, weights.size, 0.02, 0.1)
    for _ in range(12):
        gradients = (rng.normal(size=40) * 10.0 ** rng.integers(-4, 2, 40)).astype("float32")
        reference.apply([keras.ops.convert_to_tensor(gradients)], [variable])
        optimizer.step(weights, gradients)
    np.testing.assert_allclose(weights, np.asarray(variable), rtol=2e-5, atol=1e-6)


def test_layers_are_views_of_one_array():
    network = Network([6, 4, 4, 3], "relu")
    assert network.weights.size == 6 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3
    network.layers[1].bias[:] = 7
    assert (network.weights == 7).sum() == 4
    network.initialize("zero", np.random.default_rng(0))
    assert not network.weights.any()


@pytest.mark.parametrize(
    "method, bounds", [("glorot", (0.3, 3)), ("small", (0, 1e-3)), ("large", (1e3, np.inf))]
)
def test_glorot_initialization_preserves_the_scale_of_values(method, bounds):
    rng = np.random.default_rng(0)
    network = Network([64, *[64] * 5, 3], "tanh" if method == "glorot" else "none")
    network.initialize(method, rng)
    inputs = rng.normal(size=(500, 64)).astype("float32")
    values = network.forward(inputs).values[-1].std() / inputs.std()
    assert bounds[0] < values < bounds[1]


def test_backward_computes_the_gradient_of_the_inputs():
    rng = np.random.default_rng(0)
    network = Network([5, 7, 3], "tanh")
    network.initialize("glorot", rng)
    inputs, output_gradient = rng.normal(size=(2, 5)), rng.normal(size=(2, 3))
    result = network.forward(inputs)
    flat = network.split_layers(np.zeros_like(network.weights))
    gradient = network.backward(result, output_gradient, flat, to_inputs=True)
    for index in ((0, 0), (1, 3)):
        step = np.zeros_like(inputs)
        step[index] = 1e-5
        values = [(network.predict(inputs + sign * step) * output_gradient).sum() for sign in (1, -1)]
        assert gradient[index] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-3)
    assert network.backward(result, output_gradient, flat) is None
