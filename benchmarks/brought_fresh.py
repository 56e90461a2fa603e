"""Classifiers that the rule for levels was not chosen on: other networks, pictures and seeds."""

from __future__ import annotations

from typing import Any

from benchmarks.brought_models import Kind

_SHAPE = tuple[int, ...]


def _strided(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """Strides in place of pools, and a mean over places."""
    layers = keras.layers
    body: list[Any] = [keras.Input(shape)]
    for filters in (24, 48, 96):
        body.append(layers.Conv2D(filters, 3, strides=2, padding="same", activation="elu"))
    body += [layers.GlobalAveragePooling2D(), layers.Dense(classes, activation="softmax")]
    return keras.Sequential(body)


def _separable(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """Separable convolutions, each normalised."""
    layers = keras.layers
    body: list[Any] = [keras.Input(shape), layers.Conv2D(16, 3, strides=2, use_bias=False)]
    for filters in (32, 64):
        body += [layers.BatchNormalization(momentum=0.8), layers.ReLU()]
        body += [layers.SeparableConv2D(filters, 3, padding="same", use_bias=False), layers.MaxPooling2D()]
    body += [layers.BatchNormalization(momentum=0.8), layers.GlobalAveragePooling2D()]
    return keras.Sequential([*body, layers.Dense(classes, activation="softmax")])


def _residual(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """Sums around pairs of convolutions, and logits at the end."""
    layers = keras.layers
    pictures = keras.Input(shape)
    found = layers.Conv2D(24, 5, strides=2, padding="same", activation="relu")(pictures)
    for _ in range(2):
        inner = layers.Conv2D(24, 3, padding="same", activation="relu")(found)
        inner = layers.Conv2D(24, 3, padding="same")(inner)
        found = layers.MaxPooling2D()(layers.ReLU()(layers.Add()([found, inner])))
    return keras.Model(pictures, layers.Dense(classes)(layers.Flatten()(found)))


def _lenet(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """As LeCun et al. 1998 had it: tanh and mean pools."""
    layers = keras.layers
    body: list[Any] = [keras.Input(shape)]
    for filters in (6, 16):
        body += [layers.Conv2D(filters, 5, activation="tanh"), layers.AveragePooling2D(2)]
    body += [layers.Flatten(), layers.Dense(84, activation="tanh")]
    return keras.Sequential([*body, layers.Dense(classes, activation="softmax")])


def _yes_or_no(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """Dropout between convolutions, and one share."""
    layers = keras.layers
    body: list[Any] = [keras.Input(shape)]
    for filters in (32, 64):
        body += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(), layers.Dropout(0.2)]
    body += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(body)


def _rows(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """No convolution: a picture as a row of numbers, inside."""
    layers = keras.layers
    body = [keras.Input(shape), layers.Flatten(), layers.Dense(200, activation="relu"), layers.Dropout(0.1)]
    return keras.Sequential([*body, layers.Dense(classes, activation="softmax")])


def _divided(keras: Any, shape: _SHAPE, classes: int) -> Any:
    """Scales by itself, to -1 to 1."""
    pictures = keras.Input(shape)
    body = _strided(keras, shape, classes)
    return keras.Model(pictures, body(keras.layers.Rescaling(1 / 127.5, offset=-1)(pictures)))


KINDS = (
    *(Kind(f"strided {one}", one, _strided, "objects", seed=11) for one in ("0-255", "0-1", "-1-1")),
    *(Kind(f"separable {one}", one, _separable, "objects", seed=12) for one in ("0-255", "0-1", "-1-1")),
    *(
        Kind(f"separable {one}", one, _separable, "objects", seed=13)
        for one in ("imagenet-caffe", "imagenet-torch")
    ),
    *(Kind(f"residual {one}", one, _residual, "objects", seed=14) for one in ("0-255", "0-1", "-1-1")),
    *(
        Kind(f"residual flowers {one}", one, _residual, seed=15)
        for one in ("imagenet-caffe", "imagenet-torch")
    ),
    *(Kind(f"lenet {one}", one, _lenet, "digits", 28, 4, seed=16) for one in ("0-255", "0-1", "-1-1")),
    *(Kind(f"yes or no {one}", one, _yes_or_no, "pair", seed=17) for one in ("0-255", "0-1", "-1-1")),
    *(Kind(f"rows {one}", one, _rows, "objects", 32, 8, seed=18) for one in ("0-255", "0-1")),
    Kind("divided", "0-255", _divided, "objects", seed=19),
    *(Kind(f"strided flowers {one}", one, _strided, epochs=10, seed=20) for one in ("0-255", "0-1")),
)
