"""What is written of a Keras network says what Keras says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from studio.classify.litert import from_keras
from studio.core.litert.network import Network


def learnt(network: keras.Model) -> keras.Model:
    """A network whose normalisations and biases have learnt something."""
    rng = np.random.default_rng(1)
    for weight in [one for layer in network.layers for one in layer.weights]:
        if weight.path.endswith("variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif len(weight.shape) == 1:
            weight.assign(np.asarray(weight) + rng.normal(0, 0.1, weight.shape))
    return network


def chain(shape, *steps) -> keras.Model:
    """Layers one after the other."""
    entered = left = keras.Input(shape)
    for step in steps:
        left = step(left)
    return learnt(keras.Model(entered, left))


def apart(network: keras.Model) -> float:
    """The largest difference over three pictures of noise, in spreads of what Keras says."""
    shape = network.inputs[0].shape[1:]
    given = np.random.default_rng(0).normal(0, 1, (3, *shape)).astype("float32")
    expected = np.asarray(network(given, training=False))
    asked = Network(from_keras.write(network, shape))
    assert asked.takes == [(1, *shape)]
    found = np.concatenate([asked(one[None])[0] for one in given])
    assert found.shape == expected.shape and np.ptp(expected) > 1e-3
    return float(np.abs(found - expected).max() / expected.std())


MAPS = {
    "strides and borders": [
        layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
        layers.ZeroPadding2D(((1, 2), (0, 1))),
        layers.Conv2D(6, (3, 2), strides=(2, 1), use_bias=False),
        layers.Cropping2D(((0, 1), (1, 0))),
    ],
    "by depth": [
        layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6"),
        layers.SeparableConv2D(8, 5, strides=2, padding="same", activation="swish"),
        layers.Conv2D(5, 3, dilation_rate=2, activation="elu"),
    ],
    "normalised": [
        layers.Rescaling(1 / 2, offset=-1),
        layers.Conv2D(6, 3),
        layers.BatchNormalization(epsilon=0.01),
        layers.ReLU(6.0),
        layers.BatchNormalization(scale=False, center=False),
        layers.LeakyReLU(negative_slope=0.1),
    ],
    "pooled": [
        layers.MaxPooling2D(3, 2, padding="same"),
        layers.AveragePooling2D(2, 1, padding="same"),
        layers.AveragePooling2D(3, 2),
        layers.GlobalMaxPooling2D(keepdims=True),
    ],
    "in rows": [
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.5),
        layers.Dense(12, activation="tanh"),
        layers.Reshape((-1, 3)),
        layers.Dense(4, activation="sigmoid"),
        layers.Flatten(),
        layers.Dense(5, use_bias=False),
        layers.Softmax(),
    ],
}


@pytest.mark.parametrize("name", MAPS)
def test_layers_say_what_they_say_in_keras(name):
    assert apart(chain((33, 41, 3), *MAPS[name])) < 1e-4


def test_ways_that_part_and_meet_and_networks_within():
    inner = keras.Sequential([keras.Input((16, 16, 4)), layers.Conv2D(4, 3, padding="same")])
    entered = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 1)(entered)
    second = inner(first)
    gate = layers.Activation("hard_silu")(layers.GlobalAveragePooling2D(keepdims=True)(first))
    met = layers.Concatenate()([layers.Add()([first, second]), layers.Multiply()([second, gate])])
    left = keras.ops.subtract(1.0, keras.ops.sigmoid(met)) * 0.5 + 2.0
    assert apart(learnt(keras.Model(entered, left))) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    "network", ["MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "ResNet50V2", "DenseNet121"]
)
def test_networks_that_people_start_from(network):
    made = getattr(keras.applications, network)(input_shape=(64, 64, 3), weights=None, classes=7)
    assert apart(learnt(made)) < 1e-3


@pytest.mark.parametrize(
    "steps",
    [
        [layers.LayerNormalization()],
        [layers.Conv2D(6, 3, groups=3)],
        [layers.ReLU(max_value=3.0)],
        [layers.Dense(4, activation="softplus")],
        [layers.BatchNormalization(axis=1)],
        [layers.Conv2D(4, 3, data_format="channels_first")],
    ],
    ids=lambda steps: steps[0].name,
)
def test_what_is_not_written_is_refused(steps):
    with pytest.raises(from_keras.NotCovered):
        from_keras.write(chain((24, 24, 3), *steps), (24, 24, 3))


@pytest.mark.slow
def test_a_network_of_two_answers_or_of_too_many_numbers_is_refused(monkeypatch):
    entered = keras.Input((8,))
    both = keras.Model(entered, [layers.Dense(2)(entered), layers.Dense(3)(entered)])
    with pytest.raises(from_keras.NotCovered):
        from_keras.write(both, (8,))
    monkeypatch.setattr(from_keras, "MOST_PARAMETERS", 8)
    with pytest.raises(from_keras.NotCovered):
        from_keras.write(chain((8,), layers.Dense(1)), (8,))
