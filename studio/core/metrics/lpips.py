"""LPIPS: perceptual distance of two images by the activations of VGG16 (arXiv:1801.03924)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.untrusted import checkpoints
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


def build_heads(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds the heads, a 1x1 convolution per layer: `{layer: (B, h, w, C)} -> {layer: (B, h, w, 1)}`.

    Args:
        members: weights as `{"vgg16.ckpt": bytes}`; None leaves the heads untrained.
    """
    import keras

    channels = backbones.find_spec("vgg16").layers
    inputs = {layer: keras.Input((None, None, channels[layer]), name=layer) for layer in LAYERS}
    heads = {layer: keras.layers.Conv2D(1, 1, use_bias=False, name=f"{layer}_weights") for layer in LAYERS}
    model = keras.Model(inputs, {layer: heads[layer](inputs[layer]) for layer in LAYERS})
    if members is not None:
        arrays = checkpoints.read_numpy_pickle(members["vgg16.ckpt"])
        for i, layer in enumerate(LAYERS):
            heads[layer].set_weights([arrays[f"NetLinLayer_{i}/Conv_0/kernel"]])
    return model


def build_distance(progress: Progress | None = None) -> tuple[Callable, str]:
    """Loads LPIPS as a differentiable function.

    Args:
        progress: reports the download of the weights.

    Returns:
        A function from two tensors `(B, H, W, 3) float32 in [0, 1]` to the distance of each pair, `(B,)`, and
        the SHA-256 of its weights.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    from keras import ops

    heads = pretrained.load("lpips", progress)
    # The heads fit only these weights of VGG16: on others they would weight channels at random.
    extractor = backbones.load("vgg16", progress, heads.digest).build_extractor(LAYERS)

    def measure(a_01, b_01):
        first, second = extractor(a_01), extractor(b_01)
        squared_differences = {
            layer: ops.square(_normalize(first[layer]) - _normalize(second[layer])) for layer in LAYERS
        }
        return sum(ops.mean(maps, axis=(1, 2, 3)) for maps in heads.model(squared_differences).values())

    return measure, heads.digest


def compute_distance(a_01, b_01, progress: Progress | None = None) -> float:
    """Computes the mean LPIPS of pairs of images: 0 for equal images, about 0.7 for unrelated ones.

    Args:
        a_01, b_01: first and second images of the pairs, `(B, H, W, 3) float32 in [0, 1]`.
        progress: reports the download of the weights.
    """
    measure, _ = build_distance(progress)
    return float(np.mean(measure(a_01, b_01)))


def _normalize(activations):
    """Normalizes activations to length 1 at each position."""
    from keras import ops

    return activations / (ops.sqrt(ops.sum(ops.square(activations), axis=-1, keepdims=True)) + 1e-10)
