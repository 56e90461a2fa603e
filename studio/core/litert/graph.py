"""Builds TFLite files from tensors of fixed sizes and operators. Does not import TensorFlow.

Building a file of the exact input size from a network's arrays takes milliseconds. So the
studio neither ships nor converts files for these networks. Maps are `(B, H, W, C)`, as in TensorFlow.

Reference:
    The schema of TFLite, from which `ai_edge_litert.schema_py_generated` is generated.
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
_OPTION_NAMES = {  # operators whose options have another name
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "CONV_2D": "Conv2DOptions",
    "MEAN": "ReducerOptions",
}
_WITHOUT_OPTIONS = ("LOGISTIC", "RELU", "RSQRT", "TANH")
_VERSIONS = {("FULLY_CONNECTED", "int8"): 9}  # versions other than 1, by operator and type of weights
_ABSENT = -1  # index of an omitted optional input


@dataclass(frozen=True)
class Tensor:
    """A tensor of a graph.

    Attributes:
        index: index in the graph.
        shape: fixed shape.
    """

    index: int
    shape: Shape


@dataclass(frozen=True)
class QuantizedRows:
    """Weights quantized to int8 with a scale per row, `round(weight / scale)`; the largest of a row is 127.

    Attributes:
        values: `(rows, inputs) int8`.
        scales: `(rows,) float32`.
    """

    values: np.ndarray
    scales: np.ndarray


def quantize_rows(weights: np.ndarray) -> QuantizedRows:
    """Quantizes a Keras kernel, `(inputs, outputs) float32`, to its transpose in int8."""
    transposed_weights = np.ascontiguousarray(weights.T)
    scales = np.abs(transposed_weights).max(1, keepdims=True) / 127
    scales[scales == 0] = 1
    return QuantizedRows(np.rint(transposed_weights / scales).astype("int8"), scales[:, 0].astype("float32"))


class Graph:
    """A network under construction. Add operators in the order in which they run."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]  # the first is empty, for tensors that are not constant
        self._operators: list[Any] = []
        self._codes: dict[tuple[int, int], int] = {}
        self._inputs: list[int] = []

    def add_input(self, *shape: int) -> Tensor:
        """Adds a `float32` input after the existing ones."""
        tensor = self._add_tensor(shape)
        self._inputs.append(tensor.index)
        return tensor

    def add_constant(self, array: np.ndarray | QuantizedRows) -> Tensor:
        """Adds a constant tensor: float32, int32, or int8 with scales."""
        values = array.values if isinstance(array, QuantizedRows) else array
        buffer = schema.BufferT()
        buffer.data = np.ascontiguousarray(values).reshape(-1).view("uint8")
        self._buffers.append(buffer)
        tensor = self._add_tensor(values.shape, values.dtype.name, len(self._buffers) - 1)
        if isinstance(array, QuantizedRows):
            quantization = schema.QuantizationParametersT()
            quantization.scale, quantization.zeroPoint = array.scales, np.zeros(len(array.scales), "int64")
            self._tensors[tensor.index].quantization = quantization
        return tensor

    def add_operator(
        self,
        name: str,
        inputs: Sequence[Tensor | None],
        *shapes: Shape,
        weights_type: str = "float32",
        **options: Any,
    ) -> Any:
        """Adds an operator.

        Args:
            name: name in the schema, e.g. "CONV_2D".
            inputs: inputs in the order of the schema; None omits an optional one.
            shapes: shapes of its outputs.
            weights_type: type of its weights, which decides its version.
            options: its option fields in the schema.

        Returns:
            The output tensor, or a list of them for several shapes.
        """
        operator = schema.OperatorT()
        versioned_code = getattr(schema.BuiltinOperator, name), _VERSIONS.get((name, weights_type), 1)
        operator.opcodeIndex = self._codes.setdefault(versioned_code, len(self._codes))
        operator.inputs = [_ABSENT if tensor is None else tensor.index for tensor in inputs]
        outputs = [self._add_tensor(shape) for shape in shapes]
        operator.outputs = [tensor.index for tensor in outputs]
        if name not in _WITHOUT_OPTIONS:
            options_type = _OPTION_NAMES.get(name) or f"{name.title().replace('_', '')}Options"
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_type)
            operator.builtinOptions = getattr(schema, f"{options_type}T")()
            for option, value in options.items():
                setattr(operator.builtinOptions, option, value)
        self._operators.append(operator)
        return outputs[0] if len(outputs) == 1 else outputs

    def serialize(self, *outputs: Tensor) -> bytes:
        """Returns the file of the network with these outputs, in this order."""
        subgraph = schema.SubGraphT()
        subgraph.tensors, subgraph.operators = self._tensors, self._operators
        subgraph.inputs, subgraph.outputs = self._inputs, [tensor.index for tensor in outputs]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [subgraph], self._buffers, []
        for code, version in self._codes:
            operator_code = schema.OperatorCodeT()
            operator_code.builtinCode, operator_code.version = code, version
            operator_code.deprecatedBuiltinCode = min(code, 127)
            model.operatorCodes.append(operator_code)
        return pack(model)

    def _add_tensor(self, shape: Shape, dtype: str = "float32", buffer: int = 0) -> Tensor:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), _TYPES[dtype], buffer
        tensor.name = f"t{len(self._tensors)}"
        self._tensors.append(tensor)
        return Tensor(len(self._tensors) - 1, tuple(shape))


def pack(model: Any) -> bytes:
    """Returns the file of a `ModelT` of the schema."""
    import flatbuffers

    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    builder = flatbuffers.Builder(size + 2**16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
