"""A zip as Teachable Machine exports it, of a network for two classes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import third_party_networks
from PIL import Image

SIDE = 224  # px of its input
_FLAT = 0.03  # regularization relative to the mean variance
_AMID = 3.0  # between 0 and 6, where ReLU6 changes nothing
_SURE = 3.0  # logit at the mean of each class


def packed(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], names: Sequence[str], place: Path
) -> bytes:
    """Writes `converted_keras.zip`: a Keras 2 network, and its labels in Teachable Machine's format.

    Its backbone is drawn at random, but blurs, and keeps within what ReLU6 leaves alone: so it sees colors.
    They are split by least squares.

    Args:
        first, second: `(H, W, 3) uint8` images of either kind.
        names: of the kinds.
        place: a folder to write in.
    """
    import keras

    keras.utils.set_random_seed(1)
    network = third_party_networks.teachable(len(names))
    base, top = network.layers
    images = np.stack([Image.fromarray(image).resize((SIDE, SIDE)) for image in (*first, *second)])
    images = images.astype("float32") / 127.5 - 1
    for layer in base.layers[0].layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # batch statistics of these images; without them activations vanish
            layer.beta.assign(np.full(layer.beta.shape, _AMID))
        elif kernels := layer.get_weights():
            layer.set_weights(
                [np.broadcast_to(kernel.mean((0, 1), keepdims=True), kernel.shape) for kernel in kernels]
            )
    base(images, training=True)
    features = np.asarray(base(images))
    middle = features.mean(axis=0)
    about, side = features - middle, np.repeat([-1.0, 1.0], [len(first), len(second)])
    scatter = about @ about.T
    toward = about.T @ np.linalg.solve(
        scatter + _FLAT * np.trace(scatter) / len(scatter) * np.eye(len(scatter)), side
    )
    hidden, bias, last = (np.zeros_like(weights) for weights in top.get_weights())
    hidden[:, :2] = np.stack([-toward, toward], axis=1)
    bias[:2] = np.array([1, -1]) * (toward @ middle)
    last[:2] = _SURE * np.eye(2)
    top.set_weights([hidden, bias, last])
    network.save(place / "keras_model.h5")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        file.write(place / "keras_model.h5", "keras_model.h5")
        file.writestr("labels.txt", "".join(f"{number} {name}\n" for number, name in enumerate(names)))
    return body.getvalue()
