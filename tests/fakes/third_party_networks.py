"""Small Keras classifiers with random weights, saved as third parties save `.keras` files."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def save(path: Path, network) -> Path:
    """Saves a network after replacing all its weights by random ones, so that none is 0."""
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0.1, 0.3, array.shape) ** 2 for array in network.get_weights()])
    network.save(path)
    return path


def make_tutorial_network(classes=4, size=(20, 30), end="softmax", then=()):
    """Returns a network as in tutorials: rescaling, one convolution, pooling and a dense layer."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((*size, 3)),
            layers.RandomFlip("horizontal"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(5, 3, activation="relu", name="images"),
            layers.MaxPooling2D(2),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(classes, activation=end, name="probabilities"),
            *then,
        ]
    )


def make_gray_network():
    """Returns a compiled network for gray images, so that its file contains an optimizer."""
    from keras import Input, Sequential, layers

    network = Sequential(
        [
            Input((16, 16, 1), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
            layers.Activation("softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(np.zeros((2, 16, 16, 1), "uint8"), np.zeros(2), verbose=0)
    return network


def make_transferred_network():
    """Returns a network with a nested network, batch normalization, and any input size."""
    from keras import Input, Model, layers

    inner = Input((None, None, 3))
    base = Model(inner, layers.Conv2D(6, 3, strides=2, activation="relu", name="conv")(inner), name="base")
    images = Input((None, None, 3), name="images")
    normal = layers.Normalization()
    normal.adapt(np.random.default_rng(1).random((4, 8, 8, 3)))
    pooled = layers.GlobalMaxPooling2D()(base(normal(layers.Rescaling(1 / 255)(images))))
    return Model(images, layers.Dense(3)(layers.LeakyReLU()(pooled)))


def make_flat_network():
    """Returns a network without spatial feature maps."""
    from keras import Input, Sequential, layers

    first = [Input((8, 8, 3)), layers.Flatten(), layers.Rescaling(1 / 255)]
    return Sequential([*first, layers.Dense(2, activation="softmax")])


def make_binary_network():
    """Returns a network with one output: yes or no."""
    return make_tutorial_network(1, end="sigmoid")


def make_plain_network():
    """Returns a network without rescaling."""
    from keras import Input, Sequential, layers

    pooled = [layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    return Sequential([Input((20, 30, 3)), *pooled, layers.Dense(3, activation="softmax")])


def make_nested_network():
    """Returns a network nested twice, as Teachable Machine builds them."""
    from keras import Input, Model, Sequential, layers

    inner = Input((16, 16, 3))
    first = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv")(inner)
    base = Sequential([Model(inner, first, name="model1"), layers.GlobalAveragePooling2D()], name="base")
    return Sequential(
        [Input((16, 16, 3)), base, Sequential([layers.Dense(2, activation="softmax")], name="top")]
    )


def make_teachable_machine_network(classes=2):
    """Returns Teachable Machine's architecture: MobileNetV2 with alpha 0.35 and two dense layers."""
    from keras import Input, Model, Sequential, applications, layers

    base = applications.MobileNetV2(weights=None, input_shape=(224, 224, 3), alpha=0.35, include_top=False)
    backbone = Sequential(
        [Input((224, 224, 3)), Model(base.input, base.output, name="model1")], name="sequential_1"
    )
    backbone.add(layers.GlobalAveragePooling2D(name="global_average_pooling2d_GlobalAveragePooling2D1"))
    dense = [layers.Dense(100, activation="relu", name="dense_Dense1")]
    dense += [layers.Dense(classes, activation="softmax", use_bias=False, name="dense_Dense2")]
    return Sequential(
        [Input((224, 224, 3)), backbone, Sequential([Input((1280,)), *dense], name="sequential_3")],
        name="sequential_4",
    )
