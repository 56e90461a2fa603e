"""ResNet50 with its ImageNet classifier, for images with Keras' preprocessing (arXiv:1512.03385)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core.untrusted import tfjs
from studio.core.weights.networks.spec import Preprocessing, Spec

if TYPE_CHECKING:
    import keras
    import numpy as np

CLASS_COUNT = 1000
_STAGES = ((2, 3, 256, 4), (3, 4, 512, 8), (4, 6, 1024, 16), (5, 3, 2048, 32))  # blocks, channels, stride
_OUTER_NAMES = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}
_INNER_PATTERN = re.compile(r"(res|bn)([2-5])([a-f])_branch(1|2[abc])")
_BRANCHES = {"1": 0, "2a": 1, "2b": 2, "2c": 3}


def _build_spec() -> Spec:
    layers, strides = {"conv1_relu": 64, "pool1_pool": 64}, {"conv1_relu": 2, "pool1_pool": 4}
    for stage, blocks, channels, stride in _STAGES:
        for block in range(1, blocks + 1):
            layers[f"conv{stage}_block{block}_out"] = channels
            strides[f"conv{stage}_block{block}_out"] = stride
    preprocessing = Preprocessing(mean=(123.68, 116.779, 103.939), bgr=True)
    return Spec("resnet50", "ResNet50", preprocessing, layers, strides, min_side=32)


SPEC = _build_spec()


def build_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds ResNet50 with its classifier: preprocessed images of any size to `(B, 1000)` probabilities.

    Keras' own builder ties the classifier to 224 px, so it is added here under the same names.

    Args:
        members: `model.json` and the shards that it names, with the weights; None builds it without.
    """
    import keras

    trunk = keras.applications.ResNet50(include_top=False, weights=None)
    features = keras.layers.GlobalAveragePooling2D(name="avg_pool")(trunk.output)
    probabilities = keras.layers.Dense(CLASS_COUNT, activation="softmax", name="predictions")(features)
    model = keras.Model(trunk.input, probabilities, name="resnet50")
    if members is not None:
        model.set_weights(_order_arrays(model, tfjs.read_arrays(members)))
    return model


def _order_arrays(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Returns arrays by name, such as "res2a_branch1/kernel", in the order of the model's weights."""
    by_name = {}
    for name, array in arrays.items():
        layer, _, weight_name = name.partition("/")
        by_name[_translate_layer_name(layer), weight_name] = array
    return [by_name[layer.name, weight.name] for layer in model.layers for weight in layer.weights]


def _translate_layer_name(layer: str) -> str:
    """Maps Keras' former name of a layer to its current one: `res2a_branch1` -> `conv2_block1_0_conv`."""
    if inner := _INNER_PATTERN.fullmatch(layer):
        kind, stage, block, branch = inner.groups()
        part = "conv" if kind == "res" else "bn"
        return f"conv{stage}_block{ord(block) - ord('a') + 1}_{_BRANCHES[branch]}_{part}"
    return _OUTER_NAMES.get(layer, layer)
