"""Small image classifiers as people make them, whose preprocessing is known: trained a little, and saved.

Taught with Keras 3. Where `tf_keras` is installed (`python -m pip install tf_keras`), the same network is
built with Keras 2 too, given what the other has learnt, and saved by it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import note

LIBRARIES = {"Keras 2": "tf_keras", "Keras 3": "keras"}
ASKED = 4  # pictures, of which the answers are compared
SIDE, WIDE, TAUGHT = 48, 96, 300  # px of most networks and of backbones; pictures that they learn from
_MEANS = np.array([103.939, 116.779, 123.68], "float32")
SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "0-255": lambda values: values,
    "0-1": lambda values: values / 255,
    "-1-1": lambda values: values / 127.5 - 1,
    "imagenet-caffe": lambda values: values[..., ::-1] - _MEANS,
}


@dataclass(frozen=True)
class Kind:
    """One way to make a classifier.

    Attributes:
        name: what tells it from others.
        preprocessing: that it is trained with.
        build: `(keras or tf_keras, shape, classes) -> network`.
        data: "flowers", "two" of them, or "digits".
        side: px of its pictures.
        epochs: that it is taught; 0: only what follows a backbone is.
    """

    name: str
    preprocessing: str
    build: Callable[[Any, tuple[int, ...], int], Any]
    data: str = "flowers"
    side: int = SIDE
    epochs: int = 6


@dataclass(frozen=True)
class Made:
    """A classifier on disk.

    Attributes:
        path: of the file.
        kind, library: how it was made.
        preprocessing: that it takes.
        accuracy: on the pictures that it learnt from.
        asked, answers: a few of those as it takes them, and what it said of each.
    """

    path: Path
    kind: str
    library: str
    preprocessing: str
    accuracy: float
    asked: np.ndarray
    answers: np.ndarray


@dataclass(frozen=True)
class Sets:
    """What they learn from.

    Attributes:
        flowers: `(n, H, W, 3) uint8`, and their classes.
        digits: `(n, 28, 28) uint8`, and theirs.
    """

    flowers: tuple[np.ndarray, np.ndarray]
    digits: tuple[np.ndarray, np.ndarray]


def made(sets: Sets, folder: Path, only: str = "") -> Iterator[Made]:
    """Teaches and saves all of them.

    Args:
        sets: what they learn from.
        folder: where they go.
        only: kinds whose name has that in it; empty for all.
    """
    import keras

    libraries = {name: module for name, module in LIBRARIES.items() if find_spec(module)}
    for name in LIBRARIES.keys() - libraries.keys():
        note(f"{name}: left out, for {LIBRARIES[name]} is not installed")
    ways = [(library, ending) for library in libraries for ending in ("keras", "h5")]
    for kind in (one for one in KINDS if only in one.name):
        keras.utils.set_random_seed(len(kind.name))
        pictures, truth = _pictures(kind, sets)
        shape, classes = pictures.shape[1:], int(truth.max()) + 1
        taught = kind.build(keras, shape, classes)
        given = SCALES[kind.preprocessing](pictures)
        if kind.epochs:
            accuracy = _teach(keras, taught, given, truth, kind.epochs)
        else:
            accuracy = _teach_head(keras, taught, given, truth)
        asked = SCALES[kind.preprocessing](pictures[:ASKED]).reshape(-1, *taught.input_shape[1:])
        answers = np.asarray(taught(asked, training=False))
        note(f"{kind.name}: right on {accuracy:.0%} of what it learnt from")
        for library, ending in ways:
            network = taught
            if library != "Keras 3":
                network = kind.build(importlib.import_module(libraries[library]), shape, classes)
                network.set_weights(taught.get_weights())
            path = folder / f"{kind.name} {library}.{ending}"
            network.save(path)
            yield Made(path, kind.name, library, kind.preprocessing, accuracy, asked, answers)


def _pictures(kind: Kind, sets: Sets) -> tuple[np.ndarray, np.ndarray]:
    """`(n, H, W, C) float32` from 0 to 255, in an order drawn at random, and their classes."""
    rng = np.random.default_rng(0)
    if kind.data == "digits":
        images, labels = sets.digits
        rows = rng.permutation(len(images))[: 4 * TAUGHT]
        return images[rows, ..., None].astype("float32"), labels[rows].astype("int64")
    images, labels = sets.flowers
    rows = rng.permutation(np.flatnonzero(labels < (2 if kind.data == "two" else labels.max() + 1)))
    from PIL import Image

    found = [Image.fromarray(images[row]).resize((kind.side,) * 2) for row in rows[:TAUGHT]]
    return np.stack([np.asarray(one, "float32") for one in found]), labels[rows[:TAUGHT]]


def _teach(keras: Any, network: Any, pictures: np.ndarray, truth: np.ndarray, epochs: int) -> float:
    for layer in network.layers:
        if type(layer).__name__ == "Normalization":
            layer.adapt(pictures)
    one = network.output_shape[-1] == 1
    losses = keras.losses
    logits = getattr(network.layers[-1], "activation", None) is keras.activations.linear
    loss = losses.BinaryCrossentropy() if one else losses.SparseCategoricalCrossentropy(from_logits=logits)
    network.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    taken = pictures.reshape(-1, *network.input_shape[1:]) if len(network.input_shape) < 4 else pictures
    told = network.fit(taken, truth, batch_size=32, epochs=epochs, verbose=0)
    return float(told.history["accuracy"][-1])


def _teach_head(keras: Any, network: Any, pictures: np.ndarray, truth: np.ndarray) -> float:
    """Teaches what follows a backbone that stays as it is, on what that sees: each picture is seen once."""
    pooled = next(one for one in network.layers if type(one).__name__ == "GlobalAveragePooling2D")
    seen = keras.Model(network.input, pooled.output).predict(pictures, batch_size=32, verbose=0)
    head = keras.Model(pooled.output, network.output)
    head.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return float(head.fit(seen, truth, batch_size=32, epochs=60, verbose=0).history["accuracy"][-1])


def _plain(keras: Any, shape: tuple[int, ...], classes: int, *first: Any, norm: bool = False) -> Any:
    """Convolutions and pools, a hidden layer and a choice, as tutorials have them."""
    layers, body = keras.layers, list(first)
    for filters in (16, 32, 64):
        body += [
            layers.Conv2D(filters, 3, padding="same", use_bias=not norm, activation=None if norm else "relu")
        ]
        body += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu")] if norm else []
        body += [layers.MaxPooling2D()]
    last = (
        layers.Dense(1, activation="sigmoid") if classes == 2 else layers.Dense(classes, activation="softmax")
    )
    end = [layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dropout(0.3), last]
    return keras.Sequential([keras.Input(shape), *body, *end])


def _normed(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    return _plain(keras, shape, classes, norm=True)


def _rescaled(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    first = [keras.layers.RandomFlip("horizontal"), keras.layers.Rescaling(1 / 255)]
    return _plain(keras, shape, classes, *first)


def _normalized(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    return _plain(keras, shape, classes, keras.layers.Normalization())


def _norm_first(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    return _plain(keras, shape, classes, keras.layers.BatchNormalization(momentum=0.9))


def _flat(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    layers = keras.layers
    hidden = [layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu")]
    return keras.Sequential([keras.Input((784,)), *hidden, layers.Dense(classes, activation="softmax")])


def _dense(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    layers = keras.layers
    body = [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input((28, 28)), *body, layers.Dense(classes, activation="softmax")])


def _mobile(keras: Any, shape: tuple[int, ...], classes: int, inside: bool = False) -> Any:
    base = keras.applications.MobileNetV2(input_shape=shape, alpha=0.35, include_top=False, weights=None)
    for layer in base.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.momentum = 0.9  # or its means would be far from those of so few steps
    pictures = keras.Input(shape)
    taken = keras.applications.mobilenet_v2.preprocess_input(pictures) if inside else pictures
    pooled = keras.layers.GlobalAveragePooling2D()(base(taken))
    return keras.Model(pictures, keras.layers.Dense(classes, activation="softmax")(pooled))


def _mobile_inside(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    return _mobile(keras, shape, classes, inside=True)


def _teachable(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
    """As Teachable Machine's public code makes it; its backbone stays as it is."""
    layers = keras.layers
    base = keras.applications.MobileNetV2(input_shape=shape, alpha=0.35, include_top=False, weights=None)
    seen = keras.Sequential([keras.Model(base.input, base.output, name="model1")], name="sequential_1")
    seen.add(layers.GlobalAveragePooling2D(name="global_average_pooling2d_GlobalAveragePooling2D1"))
    seen.trainable = False
    dense = [layers.Dense(100, activation="relu", name="dense_Dense1", input_shape=(1280,))]
    dense += [layers.Dense(classes, activation="softmax", use_bias=False, name="dense_Dense2")]
    whole = keras.Sequential([seen, keras.Sequential(dense, name="sequential_3")], name="sequential_4")
    whole.build((None, *shape))
    return whole


def _pretrained(name: str) -> Callable[[Any, tuple[int, ...], int], Any]:
    """A head on a backbone that learnt on ImageNet and stays as it is."""

    def build(keras: Any, shape: tuple[int, ...], classes: int) -> Any:
        from studio.core.objectives import backbones

        learnt = backbones.load({"VGG16": "vgg16", "ResNet50": "resnet50"}[name]).model
        base = getattr(keras.applications, name)(input_shape=shape, include_top=False, weights=None)
        base.set_weights(learnt.get_weights()[: len(base.get_weights())])
        base.trainable = False
        pooled = keras.layers.GlobalAveragePooling2D()(base.output)
        hidden = keras.layers.Dense(64, activation="relu")(pooled)
        return keras.Model(base.input, keras.layers.Dense(classes, activation="softmax")(hidden))

    return build


KINDS = (
    Kind("plain", "0-1", _plain),
    Kind("normed", "0-1", _normed),
    Kind("two", "0-1", _plain, "two"),
    Kind("rescaled", "0-255", _rescaled),
    Kind("normalized", "0-255", _normalized),
    Kind("norm first", "0-1", _norm_first),
    Kind("digits", "0-1", _plain, "digits", 28, 3),
    Kind("digits flat", "0-1", _flat, "digits", 28, 5),
    Kind("digits dense", "0-1", _dense, "digits", 28, 5),
    Kind("mobile", "-1-1", _mobile, side=WIDE),
    Kind("mobile inside", "0-255", _mobile_inside, side=WIDE),
    Kind("vgg16", "imagenet-caffe", _pretrained("VGG16"), side=64, epochs=0),
    Kind("resnet50", "imagenet-caffe", _pretrained("ResNet50"), side=64, epochs=0),
    Kind("teachable machine", "-1-1", _teachable, side=224, epochs=2),
)
