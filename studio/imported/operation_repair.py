"""Converts TensorFlow operations among Keras 2's layers to layers of Keras 3.

`preprocess_input` within a network leaves divisions, offsets and a reversal of the color channels; networks
of `keras.applications` leave a few more. Other operations are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from studio.core.untrusted.refusals import Refused
from studio.imported.layer_repair import IDENTITY, keras_layer, plain_name

Part = dict[str, Any]
CLASSES = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod")
_OP = re.compile(r'op: "(\w+)"')


class Operation:
    """One operation, its input tensors and its other arguments.

    Args:
        part: from the file, with `config` and its inbound node.
        tensors: inputs, in Keras 3's format.
        arguments: other arguments by name; "x" and "y" are the first two.
    """

    def __init__(self, part: Part, tensors: list[Any], arguments: Part):
        config = part["config"]
        self.name = plain_name(str(config.get("name", part.get("name"))))
        self.tensors, self.arguments = tensors, arguments
        self.function = str(config.get("function", ""))
        if part.get("class_name") == "TensorFlowOpLayer":
            self.function, constants = _parse_node(config)
            names = {"0": "x", "1": "y"}
            self.arguments = {names.get(key, key): value for key, value in constants.items()}

    def convert(self) -> tuple[Part, list[Any]]:
        """Returns the equivalent layer and its input tensors. Raises `Refused` if there is none."""
        make = _MAKERS.get(self.function.removeprefix("compat.v1."))
        if make is None:
            raise Refused(f"the operation {self.function[:60] or self.name[:60]}, which is not supported")
        layer = make(self)
        layer["config"] = {"name": self.name, **layer["config"]}
        return layer, self.tensors

    def find_constant(self, *keys: str) -> Any:
        """Returns the first of some arguments that is a constant: a number, or one for each color."""
        for key in keys:
            value = self.arguments.get(key)
            if _is_numeric(value):
                return value
        raise Refused(f"the operation {self.function[:60]} with unsupported arguments")

    @property
    def is_binary(self) -> bool:
        """Whether it takes two tensors and no constant."""
        return len(self.tensors) == 2


def _parse_node(config: Part) -> tuple[str, Part]:
    """Returns the name and the constants of a `TensorFlowOpLayer`."""
    node = config.get("node_def")
    match = _OP.search(node) if isinstance(node, str) else None
    name = match[1] if match else node.get("op") if isinstance(node, dict) else None
    constants = config.get("constants")
    return str(name), dict(constants) if isinstance(constants, dict) else {}


def _is_numeric(value: Any) -> bool:
    """Tells whether a value is a number, or a list of up to four."""
    if isinstance(value, list):
        return 0 < len(value) <= 4 and all(map(_is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _map_numbers(value: Any, convert: Callable[[float], float]) -> Any:
    """Converts a number, or each number in a list."""
    return [_map_numbers(entry, convert) for entry in value] if isinstance(value, list) else convert(value)


def _rescale(scale: Any = 1.0, offset: Any = 0.0) -> Part:
    return keras_layer("Rescaling", {"scale": scale, "offset": offset})


def _invert(value: float) -> float:
    if value == 0:
        raise Refused("a division by 0")
    return 1.0 / value


def _divide(op: Operation) -> Part:
    return _rescale(scale=_map_numbers(op.find_constant("y"), _invert))


def _multiply(op: Operation) -> Part:
    return keras_layer("Multiply", {}) if op.is_binary else _rescale(scale=op.find_constant("y", "x"))


def _add(op: Operation) -> Part:
    if op.is_binary:
        return keras_layer("Add", {})
    return _rescale(offset=op.find_constant("y", "x", "bias", "value"))


def _subtract(op: Operation) -> Part:
    if op.is_binary:
        return keras_layer("Subtract", {})
    if _is_numeric(op.arguments.get("x")):
        return _rescale(scale=-1.0, offset=op.find_constant("x"))
    return _rescale(offset=_map_numbers(op.find_constant("y"), lambda value: -value))


def _slice(op: Operation) -> Part:
    """Converts the one supported slice, which reverses the color channels."""
    slices = op.arguments.get("slice_spec")
    reversal = {"start": None, "stop": None, "step": -1}
    if not isinstance(slices, list) or slices[-1:] != [reversal] or not all(map(_is_full_slice, slices[:-1])):
        raise Refused("a slice of a tensor that is not supported")
    module = "keras.src.ops.numpy"
    return {"module": module, "class_name": "Flip", "registered_name": "Flip", "config": {"axis": -1}}


def _is_full_slice(entry: Any) -> bool:
    """Tells whether a slice takes all positions of its axes."""
    if isinstance(entry, dict):
        return all(entry.get(key) is None for key in ("start", "stop", "step"))
    return entry == "Ellipsis"


def _mean(op: Operation) -> Part:
    if op.arguments.get("axis") not in ([1, 2], [-3, -2], [2, 1]):
        raise Refused("a mean over axes other than height and width")
    return keras_layer("GlobalAveragePooling2D", {"keepdims": bool(op.arguments.get("keepdims"))})


def _resize(op: Operation) -> Part:
    size, interpolation = op.arguments.get("size"), op.arguments.get("method") or "bilinear"
    if not (isinstance(size, list) and len(size) == 2) or interpolation not in (
        "bilinear",
        "nearest",
        "bicubic",
    ):
        raise Refused("a resize operation that is not supported")
    return keras_layer("Resizing", {"height": size[0], "width": size[1], "interpolation": interpolation})


def _concatenate(op: Operation) -> Part:
    return keras_layer("Concatenate", {"axis": op.arguments.get("axis", -1)})


def _gray_to_rgb(op: Operation) -> Part:
    op.tensors = op.tensors * 3
    return keras_layer("Concatenate", {"axis": -1})


def _make_activation_converter(name: str) -> Callable[[Operation], Part]:
    """Returns a function that converts an operation to an activation."""
    return lambda _: keras_layer("Activation", {"activation": name})


def _identity(_: Operation) -> Part:
    return keras_layer(IDENTITY, {})


_MAKERS: dict[str, Callable[[Operation], Part]] = {
    **dict.fromkeys(("math.truediv", "math.divide", "RealDiv", "__operators__.truediv", "divide"), _divide),
    **dict.fromkeys(("math.multiply", "Mul", "__operators__.mul", "multiply"), _multiply),
    **dict.fromkeys(("math.add", "__operators__.add", "nn.bias_add", "AddV2", "Add", "BiasAdd", "add"), _add),
    **dict.fromkeys(("math.subtract", "Sub", "__operators__.sub", "subtract"), _subtract),
    **dict.fromkeys(
        ("cast", "Cast", "identity", "Identity", "convert_to_tensor", "stop_gradient"), _identity
    ),
    **dict.fromkeys(("math.reduce_mean", "reduce_mean"), _mean),
    **dict.fromkeys(("image.resize", "image.resize_with_pad"), _resize),
    **dict.fromkeys(("nn.relu", "Relu"), _make_activation_converter("relu")),
    **dict.fromkeys(("nn.relu6", "Relu6"), _make_activation_converter("relu6")),
    **dict.fromkeys(
        ("math.sigmoid", "nn.sigmoid", "sigmoid", "Sigmoid"), _make_activation_converter("sigmoid")
    ),
    **dict.fromkeys(("nn.silu", "nn.swish"), _make_activation_converter("silu")),
    **dict.fromkeys(("nn.softmax", "Softmax"), _make_activation_converter("softmax")),
    **dict.fromkeys(("math.tanh", "tanh"), _make_activation_converter("tanh")),
    "__operators__.getitem": _slice,
    "concat": _concatenate,
    "image.grayscale_to_rgb": _gray_to_rgb,
}
