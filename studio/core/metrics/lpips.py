"""LPIPS: how different two images look to people, by VGG16's activations (arXiv:1801.03924)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.untrusted import checkpoints
from studio.core.weights import pretrained

if TYPE_CHECKING:
    import keras

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


def network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Five 1x1 convolutions, one a layer: `{layer: (B, h, w, C)} -> {layer: (B, h, w, 1)}`.

    Args:
        members: `{"vgg16.ckpt": bytes}` fills it; None leaves it unfilled.
    """
    import keras

    channels = backbones.spec("vgg16").layers
    inputs = {layer: keras.Input((None, None, channels[layer]), name=layer) for layer in LAYERS}
    heads = {layer: keras.layers.Conv2D(1, 1, use_bias=False, name=f"{layer}_weights") for layer in LAYERS}
    model = keras.Model(inputs, {layer: heads[layer](inputs[layer]) for layer in LAYERS})
    if members is not None:
        arrays = checkpoints.numpy_pickle(members["vgg16.ckpt"])
        for i, layer in enumerate(LAYERS):
            heads[layer].set_weights([arrays[f"NetLinLayer_{i}/Conv_0/kernel"]])
    return model


def distance(a_01, b_01, progress: Progress | None = None) -> float:
    """How different two images look: 0 for the same, about 0.7 for unrelated ones; of several the mean.

    Args:
        a_01, b_01: `(B, H, W, 3) float32 in [0, 1]`, of one size, each to be compared with its own.
    """
    from keras import ops

    loaded = pretrained.load("lpips", progress)
    # The heads were learned on this one training run of VGG16; on another they weigh channels at random.
    features = backbones.load("vgg16", progress, loaded.digest).features(LAYERS)
    first, second = features(a_01), features(b_01)
    squared = {layer: ops.square(_unit(first[layer]) - _unit(second[layer])) for layer in LAYERS}
    return float(sum(ops.mean(weighted) for weighted in loaded.model(squared).values()))


def _unit(activations):
    """Each position's activations scaled to length 1."""
    from keras import ops

    return activations / (ops.sqrt(ops.sum(ops.square(activations), axis=-1, keepdims=True)) + 1e-10)
