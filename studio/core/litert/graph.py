"""Writes TFLite files: tensors and the operators between them, of one size each. Loads no TensorFlow.

A file is made of a network's own arrays in milliseconds, for the very size that it shall run at, so that none
is shipped next to its weights and none is converted. Maps are `(B, H, W, C)`, as TensorFlow lays them out.

Reference:
    The schema of TFLite, which `ai_edge_litert.schema_py_generated` is made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

Shape = tuple[int, ...]
_TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int32": schema.TensorType.INT32,
    "int8": schema.TensorType.INT8,
}
_OPTIONS = {  # of the operators whose options are not called as they are
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CONV_2D": "Conv2DOptions",
}
_PLAIN = ("LOGISTIC", "RELU", "TANH")  # have no options
_VERSIONS = {("FULLY_CONNECTED", "int8"): 9}  # where not 1, by the type of the weights
_NO = -1  # in the place of an input that is left out


@dataclass(frozen=True)
class Tensor:
    """A tensor of a graph.

    Attributes:
        index: its place in the graph.
        shape: of fixed sizes.
    """

    index: int
    shape: Shape


@dataclass(frozen=True)
class Rows:
    """Weights of int8, a scale a row: each is `round(weight / scale)` with the largest of its row at 127.

    Attributes:
        numbers: `(rows, inputs) int8`.
        scales: `(rows,) float32`.
    """

    numbers: np.ndarray
    scales: np.ndarray


def rows(weights: np.ndarray) -> Rows:
    """`(inputs, outputs) float32`, as Keras lays them out -> their transpose in int8."""
    turned = np.ascontiguousarray(weights.T)
    scales = np.abs(turned).max(1, keepdims=True) / 127
    scales[scales == 0] = 1
    return Rows(np.rint(turned / scales).astype("int8"), scales[:, 0].astype("float32"))


class Graph:
    """A network under construction. Operators are added in the order in which they run."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]  # the first is empty, for tensors that hold no constant
        self._operators: list[Any] = []
        self._codes: dict[tuple[int, int], int] = {}
        self._inputs: list[int] = []

    def input(self, *shape: int) -> Tensor:
        """A `float32` tensor that is given at each run, after those before it."""
        made = self._tensor(shape)
        self._inputs.append(made.index)
        return made

    def constant(self, array: np.ndarray | Rows) -> Tensor:
        """A tensor of fixed numbers: float32, int32, or int8 with its scales."""
        numbers = array.numbers if isinstance(array, Rows) else array
        buffer = schema.BufferT()
        buffer.data = np.ascontiguousarray(numbers).reshape(-1).view("uint8")
        self._buffers.append(buffer)
        made = self._tensor(numbers.shape, numbers.dtype.name, len(self._buffers) - 1)
        if isinstance(array, Rows):
            scaled = schema.QuantizationParametersT()
            scaled.scale, scaled.zeroPoint = array.scales, np.zeros(len(array.scales), "int64")
            self._tensors[made.index].quantization = scaled
        return made

    def add(
        self,
        name: str,
        inputs: Sequence[Tensor | None],
        *shapes: Shape,
        weights: str = "float32",
        **options: Any,
    ) -> Any:
        """Adds an operator.

        Args:
            name: as the schema calls it, e.g. "CONV_2D".
            inputs: in its order; None leaves an optional one out.
            shapes: of what it gives.
            weights: the type of its weights, which decides its version.
            options: its fields in the schema.

        Returns:
            What it gives: a tensor, or as many as there are shapes.
        """
        operator = schema.OperatorT()
        key = getattr(schema.BuiltinOperator, name), _VERSIONS.get((name, weights), 1)
        operator.opcodeIndex = self._codes.setdefault(key, len(self._codes))
        operator.inputs = [_NO if one is None else one.index for one in inputs]
        made = [self._tensor(shape) for shape in shapes]
        operator.outputs = [one.index for one in made]
        if name not in _PLAIN:
            kind = _OPTIONS.get(name) or f"{name.title().replace('_', '')}Options"
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = getattr(schema, f"{kind}T")()
            for option, value in options.items():
                setattr(operator.builtinOptions, option, value)
        self._operators.append(operator)
        return made[0] if len(made) == 1 else made

    def model(self, *outputs: Tensor) -> bytes:
        """The file of a network that gives these tensors, in this order."""
        import flatbuffers

        part = schema.SubGraphT()
        part.tensors, part.operators = self._tensors, self._operators
        part.inputs, part.outputs = self._inputs, [one.index for one in outputs]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [part], self._buffers, []
        for code, version in self._codes:
            told = schema.OperatorCodeT()
            told.builtinCode, told.deprecatedBuiltinCode, told.version = code, min(code, 127), version
            model.operatorCodes.append(told)
        builder = flatbuffers.Builder(sum(one.data.nbytes for one in self._buffers[1:]) + 2**16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _tensor(self, shape: Shape, type: str = "float32", buffer: int = 0) -> Tensor:
        made = schema.TensorT()
        made.shape, made.type, made.buffer = list(shape), _TYPES[type], buffer
        made.name = f"t{len(self._tensors)}"
        self._tensors.append(made)
        return Tensor(len(self._tensors) - 1, tuple(shape))
