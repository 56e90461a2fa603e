"""The input range and preprocessing of image networks.

Hardly any file says which one its network was trained with. Certain evidence is used: a choice stored with
the model, a scaling layer, the structure of Teachable Machine's networks and of the backbones of
`keras.applications`. Otherwise 0 to 1 is assumed, which most tutorials use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from studio.core.imaging.image_io import LUMA
from studio.imported import building

if TYPE_CHECKING:
    import keras

Preprocessing = Literal["0-255", "0-1", "-1-1", "imagenet-caffe", "imagenet-torch"]
LABELS: dict[Preprocessing, str] = {
    "0-255": "0 to 255",
    "0-1": "0 to 1",
    "-1-1": "-1 to 1",
    "imagenet-caffe": "ImageNet, Caffe style",
    "imagenet-torch": "ImageNet, PyTorch style",
}
DEFAULT_PREPROCESSING: Preprocessing = "0-1"
STORED_REASON = "stored with the model"
# For values from 0 to 255: (RGB to BGR, scale, offset).
_SCALES: dict[str, tuple[bool, Any, Any]] = {
    "0-255": (False, 1.0, 0.0),
    "0-1": (False, 1 / 255, 0.0),
    "-1-1": (False, 1 / 127.5, -1.0),
    "imagenet-caffe": (True, 1.0, (-103.939, -116.779, -123.68)),
    "imagenet-torch": (
        False,
        tuple(1 / (255 * deviation) for deviation in (0.229, 0.224, 0.225)),
        tuple(-mean / deviation for mean, deviation in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))),
    ),
}
_ARITHMETIC = ("TrueDivide", "Divide", "Multiply", "Subtract", "Add")
# Layer names typical of networks of `keras.applications`, and their preprocessing. The first match counts:
# DenseNets also have all layers that identify a ResNet.
_BACKBONES: tuple[tuple[set[str], str, Preprocessing], ...] = (
    ({"conv2_block1_0_bn", "pool2_conv"}, "DenseNet", "imagenet-torch"),
    ({"block1_conv1", "block5_conv3"}, "VGG", "imagenet-caffe"),
    ({"conv1_conv", "conv2_block1_preact_bn"}, "ResNet V2", "-1-1"),
    ({"conv1_conv", "conv2_block1_1_conv", "conv1_bn"}, "ResNet", "imagenet-caffe"),
    ({"conv1", "bn_conv1", "res2a_branch2a"}, "ResNet", "imagenet-caffe"),
    ({"Conv1", "bn_Conv1", "expanded_conv_depthwise"}, "MobileNetV2", "-1-1"),
    ({"conv_dw_1", "conv_pw_1"}, "MobileNet", "-1-1"),
    ({"mixed_5b", "conv_7b"}, "InceptionResNetV2", "-1-1"),
    ({"mixed0", "mixed10"}, "InceptionV3", "-1-1"),
    ({"block2_sepconv1", "block14_sepconv2"}, "Xception", "-1-1"),
    ({"stem_conv1", "stem_bn1"}, "NASNet", "-1-1"),
)


class Choice(NamedTuple):
    """A preprocessing and its reason; "" if it is assumed."""

    preprocessing: Preprocessing
    reason: str = ""


def choose(network: keras.Model, stored: str = "") -> Choice:
    """Finds the preprocessing of a network.

    Args:
        network: with its weights.
        stored: choice stored in its file; "" without.
    """
    for name in LABELS:
        if name == stored:
            return Choice(name, STORED_REASON)
    if str(network.inputs[0].dtype) == "uint8":
        return Choice("0-255", "its input is uint8")
    if _is_teachable_machine(network):
        return Choice("-1-1", "the model is from Teachable Machine")
    if scaling := _choose_by_scaling_layer(network):
        return scaling
    names = {layer.name for layer in building.iterate_steps(network)}
    for layers, backbone, preprocessing in _BACKBONES:
        if layers <= names:
            return Choice(preprocessing, f"it has the layers of {backbone}, from keras.applications")
    return Choice(DEFAULT_PREPROCESSING)


def choose_by_quantization(dtype: str, scale: float, zero_point: int, stored: str = "") -> Choice:
    """Finds the preprocessing of a TFLite file by the values that its quantized input stands for.

    Args:
        dtype: of the input: float32, uint8 or int8.
        scale, zero_point: of its quantization; a scale of 0 if it has none.
        stored: choice stored with the file; "" without.
    """
    for name in LABELS:
        if name == stored:
            return Choice(name, STORED_REASON)
    if dtype == "float32":
        return Choice(DEFAULT_PREPROCESSING)
    limits = np.iinfo(dtype)
    values = [(limit - zero_point) * (scale or 1) for limit in (limits.min, limits.max)]
    ranges: dict[Preprocessing, tuple[float, float]] = {"0-255": (0, 255), "0-1": (0, 1), "-1-1": (-1, 1)}
    for name, expected in ranges.items():
        if np.allclose(values, expected, atol=0.03 * (expected[1] - expected[0])):
            return Choice(name, f"its input is {dtype}")
    return Choice(DEFAULT_PREPROCESSING)


def describe(choice: Choice) -> str:
    """Returns a choice as a sentence without its full stop."""
    reason = choice.reason or "assumed, because the model does not specify it"
    return f"Preprocessing: {LABELS[choice.preprocessing]} ({reason})"


def to_linear_map(preprocessing: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a preprocessing as a linear map of colors from 0 to 255: `rgb @ kernel + bias`.

    Args:
        preprocessing: one of `LABELS`.
        channels: 3 or 1. ImageNet's means are of colors: a grayscale network gets 0 to 255 instead.

    Returns:
        `(3, channels)` and `(channels,)`, both float32.
    """
    if channels == 1 and preprocessing.startswith("imagenet"):
        preprocessing = "0-255"
    to_bgr, scale, offset = _SCALES[preprocessing]
    colors = np.eye(3)[:, ::-1] if to_bgr else np.eye(3)
    kernel = colors if channels == 3 else LUMA[:, None]
    return (kernel * np.asarray(scale)).astype("float32"), np.broadcast_to(offset, channels).astype("float32")


def _choose_by_scaling_layer(network: keras.Model) -> Choice | None:
    """Derives the input range from scaling layers before the first other layer with weights; None without."""
    for step in building.iterate_steps(network):
        name = type(step).__name__
        if name in _ARITHMETIC:
            return Choice("0-255", f"it scales its input ({name})")
        if name == "Rescaling":
            is_enlarging = float(np.max(np.abs(step.scale))) > 1
            return Choice("0-1" if is_enlarging else "0-255", "it has a Rescaling layer")
        if name == "Normalization":
            is_mean_large = float(np.max(np.abs(np.asarray(step.mean)))) > 2
            return Choice("0-255" if is_mean_large else "0-1", "it has a Normalization layer")
        if getattr(step, "weights", None):
            return None
    return None


def _is_teachable_machine(network: keras.Model) -> bool:
    """Tells whether it has the structure that all of Teachable Machine's networks share."""
    names = {layer.name for layer in building.iterate_layers(network)}
    dense = [layer for layer in building.iterate_layers(network) if type(layer).__name__ == "Dense"]
    has_head = len(dense) == 2 and dense[0].units == 100 and not dense[1].use_bias
    has_backbone = {"Conv1", "bn_Conv1", "block_16_project"} <= names
    return has_backbone and has_head and tuple(network.inputs[0].shape[1:]) == (224, 224, 3)
