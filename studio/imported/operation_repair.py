"""TensorFlow's operations that Keras 2 kept among its layers, as layers of Keras 3.

`preprocess_input` within a network leaves divisions, shifts and a reversal of the color channels; networks of
`keras.applications` leave a few more. What is not among them is refused by its name.
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
    """One operation: what it does, the tensors that go in, and all else that it was called with.

    Args:
        part: as the file has it, with `config` and its inbound node.
        tensors: places of what goes in, `[layer, node, output]`.
        others: its other arguments, by name; "x" and "y" are its first two.
    """

    def __init__(self, part: Part, tensors: list[Any], others: Part):
        config = part["config"]
        self.name = plain_name(str(config.get("name", part.get("name"))))
        self.tensors, self.others = tensors, others
        self.does = str(config.get("function", ""))
        if part.get("class_name") == "TensorFlowOpLayer":
            self.does, constants = _of_node(config)
            self.others = {"xy"[int(at)] if at in ("0", "1") else at: one for at, one in constants.items()}

    def layer(self) -> tuple[Part, list[Any]]:
        """The layer that does the same, and the tensors that go in."""
        make = _MAKERS.get(self.does.removeprefix("compat.v1."))
        if make is None:
            raise Refused(f"the operation {self.does[:60] or self.name[:60]}, which is not supported")
        found = make(self)
        found["config"] = {"name": self.name, **found["config"]}
        return found, self.tensors

    def numbers(self, *keys: str) -> Any:
        """The constant that it was called with: a number, or one for each color."""
        for key in keys:
            value = self.others.get(key)
            if _numeric(value):
                return value
        raise Refused(f"the operation {self.does[:60]} with unsupported arguments")

    @property
    def joins(self) -> bool:
        """Whether it takes two tensors, and no constant."""
        return len(self.tensors) == 2


def _of_node(config: Part) -> tuple[str, Part]:
    node = config.get("node_def")
    found = _OP.search(node) if isinstance(node, str) else None
    name = found[1] if found else node.get("op") if isinstance(node, dict) else None
    constants = config.get("constants")
    return str(name), dict(constants) if isinstance(constants, dict) else {}


def _numeric(value: Any) -> bool:
    if isinstance(value, list):
        return 0 < len(value) <= 4 and all(map(_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _each(value: Any, change: Callable[[float], float]) -> Any:
    return [_each(one, change) for one in value] if isinstance(value, list) else change(value)


def _scaled(scale: Any = 1.0, offset: Any = 0.0) -> Part:
    return keras_layer("Rescaling", {"scale": scale, "offset": offset})


def _inverse(one: float) -> float:
    if one == 0:
        raise Refused("a division by 0")
    return 1.0 / one


def _divide(op: Operation) -> Part:
    return _scaled(scale=_each(op.numbers("y"), _inverse))


def _multiply(op: Operation) -> Part:
    return keras_layer("Multiply", {}) if op.joins else _scaled(scale=op.numbers("y", "x"))


def _add(op: Operation) -> Part:
    return keras_layer("Add", {}) if op.joins else _scaled(offset=op.numbers("y", "x", "bias", "value"))


def _subtract(op: Operation) -> Part:
    if op.joins:
        return keras_layer("Subtract", {})
    if _numeric(op.others.get("x")):
        return _scaled(scale=-1.0, offset=op.numbers("x"))
    return _scaled(offset=_each(op.numbers("y"), lambda one: -one))


def _slice(op: Operation) -> Part:
    """Of all ways to take a part, the one that reverses the color channels."""
    wanted = op.others.get("slice_spec")
    last = wanted[-1] if isinstance(wanted, list) and wanted else None
    turn = {"start": None, "stop": None, "step": -1}
    if not isinstance(wanted, list) or last != turn or not all(_is_all(one) for one in wanted[:-1]):
        raise Refused("a slice of a tensor that is not supported")
    return _operation("Flip", axis=-1)


def _is_all(one: Any) -> bool:
    everything = isinstance(one, dict) and all(one.get(key) is None for key in ("start", "stop", "step"))
    return everything or one == "Ellipsis"


def _operation(name: str, **config: Any) -> Part:
    found = {"module": "keras.src.ops.numpy", "class_name": name, "registered_name": name}
    return found | {"config": config}


def _mean(op: Operation) -> Part:
    axes, kept = op.others.get("axis"), bool(op.others.get("keepdims"))
    if axes not in ([1, 2], [-3, -2], [2, 1]):
        raise Refused("a mean over axes other than height and width")
    return keras_layer("GlobalAveragePooling2D", {"keepdims": kept})


def _resize(op: Operation) -> Part:
    size, way = op.others.get("size"), op.others.get("method") or "bilinear"
    if not (isinstance(size, list) and len(size) == 2) or way not in ("bilinear", "nearest", "bicubic"):
        raise Refused("a resize operation that is not supported")
    return keras_layer("Resizing", {"height": size[0], "width": size[1], "interpolation": way})


def _concatenate(op: Operation) -> Part:
    axis = op.others.get("axis", -1)
    return keras_layer("Concatenate", {"axis": axis})


def _gray_to_rgb(op: Operation) -> Part:
    op.tensors = op.tensors * 3
    return keras_layer("Concatenate", {"axis": -1})


def _active(name: str) -> Callable[[Operation], Part]:
    return lambda op: keras_layer("Activation", {"activation": name})


def _same(op: Operation) -> Part:
    return keras_layer(IDENTITY, {})


_MAKERS: dict[str, Callable[[Operation], Part]] = {
    **dict.fromkeys(("math.truediv", "math.divide", "RealDiv", "__operators__.truediv", "divide"), _divide),
    **dict.fromkeys(("math.multiply", "Mul", "__operators__.mul", "multiply"), _multiply),
    **dict.fromkeys(("math.add", "__operators__.add", "nn.bias_add", "AddV2", "Add", "BiasAdd", "add"), _add),
    **dict.fromkeys(("math.subtract", "Sub", "__operators__.sub", "subtract"), _subtract),
    **dict.fromkeys(("cast", "Cast", "identity", "Identity", "convert_to_tensor", "stop_gradient"), _same),
    **dict.fromkeys(("math.reduce_mean", "reduce_mean"), _mean),
    **dict.fromkeys(("image.resize", "image.resize_with_pad"), _resize),
    **dict.fromkeys(("nn.relu", "Relu"), _active("relu")),
    **dict.fromkeys(("nn.relu6", "Relu6"), _active("relu6")),
    **dict.fromkeys(("math.sigmoid", "nn.sigmoid", "sigmoid", "Sigmoid"), _active("sigmoid")),
    **dict.fromkeys(("nn.silu", "nn.swish"), _active("silu")),
    **dict.fromkeys(("nn.softmax", "Softmax"), _active("softmax")),
    **dict.fromkeys(("math.tanh", "tanh"), _active("tanh")),
    "__operators__.getitem": _slice,
    "concat": _concatenate,
    "image.grayscale_to_rgb": _gray_to_rgb,
}
