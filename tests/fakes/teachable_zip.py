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
_REGULARIZATION = 0.03  # relative to the mean variance
_MIDDLE = 3.0  # between 0 and 6, where ReLU6 changes nothing
_MEAN_LOGIT = 3.0  # at the mean of each class


def write_zip(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], names: Sequence[str], folder: Path
) -> bytes:
    """Writes `converted_keras.zip`: a Keras 2 network, and its labels in Teachable Machine's format.

    Its random backbone blurs and stays in the linear range of ReLU6, so its features are
    colors. Least squares separate them.

    Args:
        first, second: `(H, W, 3) uint8` images of either kind.
        names: of the kinds.
        folder: a folder to write in.
    """
    import keras

    keras.utils.set_random_seed(1)
    network = third_party_networks.make_teachable_machine_network(len(names))
    base, top = network.layers
    images = np.stack([Image.fromarray(image).resize((SIDE, SIDE)) for image in (*first, *second)])
    images = images.astype("float32") / 127.5 - 1
    for layer in base.layers[0].layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # batch statistics of these images; without them activations vanish
            layer.beta.assign(np.full(layer.beta.shape, _MIDDLE))
        elif kernels := layer.get_weights():
            layer.set_weights(
                [np.broadcast_to(kernel.mean((0, 1), keepdims=True), kernel.shape) for kernel in kernels]
            )
    base(images, training=True)
    features = np.asarray(base(images))
    middle = features.mean(axis=0)
    centered, side = features - middle, np.repeat([-1.0, 1.0], [len(first), len(second)])
    scatter = centered @ centered.T
    direction = centered.T @ np.linalg.solve(
        scatter + _REGULARIZATION * np.trace(scatter) / len(scatter) * np.eye(len(scatter)), side
    )
    hidden, bias, last = (np.zeros_like(weights) for weights in top.get_weights())
    hidden[:, :2] = np.stack([-direction, direction], axis=1)
    bias[:2] = np.array([1, -1]) * (direction @ middle)
    last[:2] = _MEAN_LOGIT * np.eye(2)
    top.set_weights([hidden, bias, last])
    network.save(folder / "keras_model.h5")
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        file.write(folder / "keras_model.h5", "keras_model.h5")
        file.writestr("labels.txt", "".join(f"{number} {name}\n" for number, name in enumerate(names)))
    return body.getvalue()
