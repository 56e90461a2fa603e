"""EfficientNet-Lite0 with its ImageNet classifier, for images in [-1, 1] (arXiv:1905.11946).

A small and fast network: 4.7 million parameters. Unlike EfficientNet-B0, it has no squeeze-and-excitation,
and its activations are ReLU6, so 8-bit integers represent them well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.core.untrusted import checkpoints
from studio.core.weights.networks.spec import Preprocessing, Spec

if TYPE_CHECKING:
    import keras
    import numpy as np

CLASS_COUNT = 1000
_FILE = "efficientnet-lite0-57934424.pth"
_STEM_CHANNELS, _TOP_CHANNELS = 32, 1280
# Stages: blocks, kernel size, stride of the first block, expansion of the channels, output channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_EPSILON = 1e-3  # of batch normalization
# The weights were trained for (rgb - 127) / 128, with RGB in 0..255.
_TRAINED_MEAN, _TRAINED_DIVISOR = 127.0, 128.0


class _Block(NamedTuple):
    """An inverted residual block (arXiv:1801.04381)."""

    name: str
    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int

    @property
    def is_residual(self) -> bool:
        return self.stride == 1 and self.inputs == self.outputs

    @property
    def last_layer(self) -> str:
        return f"{self.name}_add" if self.is_residual else f"{self.name}_project_bn"


def _list_blocks() -> Iterator[_Block]:
    channels = _STEM_CHANNELS
    for stage, (count, kernel, stride, expansion, outputs) in enumerate(_STAGES, start=1):
        for letter in "abcd"[:count]:
            yield _Block(
                f"block{stage}{letter}", kernel, stride if letter == "a" else 1, expansion, channels, outputs
            )
            channels = outputs


def _build_spec() -> Spec:
    layers, strides, stride = {"stem_activation": _STEM_CHANNELS}, {"stem_activation": 2}, 2
    for block in _list_blocks():
        stride *= block.stride
        layers[block.last_layer], strides[block.last_layer] = block.outputs, stride
    layers["top_activation"], strides["top_activation"] = _TOP_CHANNELS, stride
    preprocessing = Preprocessing(mean=(127.5, 127.5, 127.5), divide=127.5)
    return Spec("efficientnet-lite0", "EfficientNet-Lite0", preprocessing, layers, strides, min_side=32)


SPEC = _build_spec()


def build_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds EfficientNet-Lite0 with its classifier: preprocessed images of any size to `(B, 1000)`.

    Args:
        members: the PyTorch checkpoint with the weights, by file name; None builds it without.
    """
    import keras

    images = keras.Input((None, None, 3), name="images")
    tensor = _convolve(images, "stem", _STEM_CHANNELS, 3, 2)
    for block in _list_blocks():
        tensor = _add_block(tensor, block)
    tensor = _convolve(tensor, "top", _TOP_CHANNELS)
    features = keras.layers.GlobalAveragePooling2D(name="avg_pool")(tensor)
    probabilities = keras.layers.Dense(CLASS_COUNT, activation="softmax", name="predictions")(features)
    model = keras.Model(images, probabilities, name="efficientnet_lite0")
    if members is not None:
        _set_weights(model, checkpoints.read_torch_legacy(members[_FILE]))
    return model


def _add_block(tensor: Any, block: _Block) -> Any:
    """Adds a block: expand the channels, filter each of them, and project to the output channels."""
    import keras

    inputs = tensor
    if block.expansion > 1:
        tensor = _convolve(tensor, f"{block.name}_expand", block.expansion * block.inputs)
    tensor = keras.layers.DepthwiseConv2D(
        block.kernel, block.stride, "same", use_bias=False, name=f"{block.name}_dwconv"
    )(tensor)
    tensor = _activate(_normalize(tensor, block.name), block.name)
    tensor = keras.layers.Conv2D(block.outputs, 1, use_bias=False, name=f"{block.name}_project_conv")(tensor)
    tensor = _normalize(tensor, f"{block.name}_project")
    return keras.layers.Add(name=f"{block.name}_add")([inputs, tensor]) if block.is_residual else tensor


def _convolve(tensor: Any, name: str, channels: int, kernel: int = 1, stride: int = 1) -> Any:
    """Adds a convolution, its normalization and its activation."""
    import keras

    convolution = keras.layers.Conv2D(channels, kernel, stride, "same", use_bias=False, name=f"{name}_conv")
    return _activate(_normalize(convolution(tensor), name), name)


def _normalize(tensor: Any, name: str) -> Any:
    import keras

    return keras.layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_bn")(tensor)


def _activate(tensor: Any, name: str) -> Any:
    import keras

    return keras.layers.ReLU(6.0, name=f"{name}_activation")(tensor)


def _set_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets the weights by the names of layers in the checkpoint, such as `_blocks.0._project_conv`."""
    pairs = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "top_conv": "_conv_head", "top_bn": "_bn1"}
    for number, block in enumerate(_list_blocks()):
        parts = {"dwconv": "_depthwise_conv", "bn": "_bn1", "project_conv": "_project_conv"}
        parts |= {"project_bn": "_bn2"}
        if block.expansion > 1:
            parts |= {"expand_conv": "_expand_conv", "expand_bn": "_bn0"}
        pairs |= {f"{block.name}_{ours}": f"_blocks.{number}.{theirs}" for ours, theirs in parts.items()}
    for name, source in pairs.items():
        if name.endswith("_bn"):
            arrays_of_norm = ("weight", "bias", "running_mean", "running_var")
            model.get_layer(name).set_weights([arrays[f"{source}.{part}"] for part in arrays_of_norm])
        else:
            # OIHW; a depthwise kernel, (C, 1, H, W), becomes (H, W, C, 1).
            order = (2, 3, 0, 1) if name.endswith("dwconv") else (2, 3, 1, 0)
            model.get_layer(name).set_weights([arrays[f"{source}.weight"].transpose(order)])
    model.get_layer("predictions").set_weights([arrays["_fc.weight"].T, arrays["_fc.bias"]])
    _fold_preprocessing(model)


def _fold_preprocessing(model: keras.Model) -> None:
    """Folds the input scaling of the training into the first layers, so that images in [-1, 1] fit.

    The trained input is a scale and a shift of ours, which the first convolution and the mean of its
    normalization express. It is exact except at the image border, where zero padding is off by half a gray
    level.
    """
    ours = SPEC.preprocessing
    scale = ours.divide / _TRAINED_DIVISOR
    shift = (ours.mean[0] - _TRAINED_MEAN) / _TRAINED_DIVISOR
    [kernel] = model.get_layer("stem_conv").get_weights()
    gamma, beta, mean, variance = model.get_layer("stem_bn").get_weights()
    shifted_mean = mean - shift * kernel.sum(axis=(0, 1, 2), dtype="float64")
    model.get_layer("stem_conv").set_weights([kernel * scale])
    model.get_layer("stem_bn").set_weights([gamma, beta, shifted_mean.astype("float32"), variance])
