"""The LSTM with a handwritten gradient trains like Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from studio.text.lstm import LSTM

UNITS, WIDTH, LENGTH, BATCH = 5, 4, 7, 3


class Summed(keras.Model):
    """A recurrent layer with trainable initial states, so that their gradients are tested as well."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.start = [self.add_weight(shape=(BATCH, UNITS), initializer="zeros") for _ in range(2)]

    def call(self, x):
        return self.layer(x, initial_state=[ops.copy(state) for state in self.start])[0]


def train_layer(layer, rng):
    """Returns the losses and all weights after three steps of SGD from the same initial weights."""
    x = rng.normal(size=(BATCH, LENGTH, WIDTH)).astype("float32")
    y = rng.normal(size=(BATCH, LENGTH, UNITS)).astype("float32")
    model = Summed(layer)
    model(x)
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    losses = [float(model.train_on_batch(x, y)) for _ in range(3)]
    return losses, model.get_weights()


@pytest.mark.slow
def test_it_learns_like_the_lstm_of_keras():
    losses, weights = train_layer(LSTM(UNITS), np.random.default_rng(0))
    expected, expected_weights = train_layer(
        layers.LSTM(UNITS, return_sequences=True, return_state=True), np.random.default_rng(0)
    )
    assert losses == pytest.approx(expected, rel=1e-5)
    assert losses[2] < losses[0]
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(weights, expected_weights, strict=True))


def test_weight_dropout_applies_only_in_training():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, LENGTH, WIDTH)).astype("float32")
    start = [ops.zeros((BATCH, UNITS))] * 2
    layer = LSTM(UNITS, weight_dropout=0.5, seed=3)
    uncut = np.array(layer(x, initial_state=start)[0])
    assert np.array_equal(uncut, np.array(layer(x, initial_state=start, training=False)[0]))
    first, second = (np.array(layer(x, initial_state=start, training=True)[0]) for _ in range(2))
    # From a zero state recurrent connections have no effect yet.
    assert np.array_equal(first[:, 0], uncut[:, 0])
    assert not np.allclose(first[:, 1:], uncut[:, 1:])
    assert not np.allclose(first, second)
