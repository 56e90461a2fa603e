"""VGG16: thirteen convolutions, for images with Keras' preprocessing (arXiv:1409.1556)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from studio.core.untrusted import checkpoints
from studio.core.weights.networks.spec import Preprocessing, Spec

if TYPE_CHECKING:
    import keras

# Preprocessing of torchvision, RGB, which the weights of the package expect.
_MEAN_01 = np.array([0.485, 0.456, 0.406])
_SCALE_01 = np.array([0.229, 0.224, 0.225])


def _build_spec() -> Spec:
    blocks = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    layers, strides = {}, {}
    for block, (count, channels) in enumerate(blocks, start=1):
        for conv in range(1, count + 1):
            layers[f"block{block}_conv{conv}"] = channels
            strides[f"block{block}_conv{conv}"] = 2 ** (block - 1)
        layers[f"block{block}_pool"] = channels
        strides[f"block{block}_pool"] = 2**block
    preprocessing = Preprocessing(mean=(123.68, 116.779, 103.939), bgr=True)
    return Spec("vgg16", "VGG16", preprocessing, layers, strides, min_side=32)


SPEC = _build_spec()


def build_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds VGG16 without its classifier, for images from `vgg16.preprocess_input`.

    Args:
        members: `{"vgg16.ckpt": bytes}` with the weights; None leaves the weights random.
    """
    import keras

    model = keras.applications.VGG16(include_top=False, weights=None)
    if members is not None:
        model.set_weights(fold_preprocessing(read_arrays(members["vgg16.ckpt"])))
    return model


def read_arrays(checkpoint: bytes) -> list[np.ndarray]:
    """Returns the kernels (HWIO) and biases of the 13 convolutions in order, as they were trained."""
    tensors = checkpoints.read_numpy_pickle(checkpoint)
    return [tensors[f"VGG16_0/Conv_{i}/{part}"] for i in range(13) for part in ("kernel", "bias")]


def fold_preprocessing(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Folds the input scaling into the first convolution, so Keras' preprocessing fits.

    The weights were trained for `x_t = (rgb_01 - mean) / scale`; Keras gives `x_k`, BGR in 0..255 minus other
    means. The two differ by a scale and a shift per channel, which a convolution can express. The result is
    exact except at the image border, where zero padding is off by less than half a gray level.

    Args:
        weights: the kernels and biases of `read_arrays`.

    Returns:
        The kernels and biases for Keras' preprocessing.
    """
    kernel, bias, *rest = weights
    kernel = kernel.astype("float64")
    scale = 255.0 * _SCALE_01
    shift = (np.array(SPEC.preprocessing.mean) - 255.0 * _MEAN_01) / scale
    folded = (kernel / scale[:, None])[:, :, ::-1]
    shifted = bias + np.einsum("hwco,c->o", kernel, shift)
    return [folded.astype("float32"), shifted.astype("float32"), *rest]
