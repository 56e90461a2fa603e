"""Rewrites LiteRT files for programs that download them: weights as float16, inputs of fixed shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from studio.core.litert.graph import pack

MANTISSA_BITS = 10  # of float16
_MIN_VALUES = 256  # smaller constants stay as they are
_MAX_FLOAT16 = float(np.finfo("float16").max)


def store_float16(model: bytes, mantissa_bits: int = MANTISSA_BITS) -> bytes:
    """Returns the file with its weights stored as float16, which the network expands when it is loaded.

    Args:
        model: bytes of a LiteRT file.
        mantissa_bits: number of bits of each mantissa that are kept, 1 to MANTISSA_BITS. With fewer, the file
            has the same size but compresses better.
    """
    network = _unpack(model)
    for graph in network.subgraphs:
        code = _find_code(network, schema.BuiltinOperator.DEQUANTIZE)
        expansions = []
        for index, tensor in enumerate(list(graph.tensors)):
            values = _read_constant(network, tensor)
            if values is None or values.size < _MIN_VALUES:
                continue
            values = round_mantissa(values, mantissa_bits)
            if np.abs(values).max() > _MAX_FLOAT16:
                continue
            buffer, half = schema.BufferT(), schema.TensorT()
            buffer.data = values.astype("float16").view("uint8")
            network.buffers.append(buffer)
            half.shape, half.type, half.name = tensor.shape, schema.TensorType.FLOAT16, f"half{index}"
            half.buffer = len(network.buffers) - 1
            graph.tensors.append(half)
            tensor.buffer = 0
            operator = schema.OperatorT()
            operator.opcodeIndex, operator.outputs = code, [index]
            operator.inputs = [len(graph.tensors) - 1]
            expansions.append(operator)
        graph.operators = [*expansions, *graph.operators]
    _drop_unused_buffers(network)
    return pack(network)


def round_mantissa(values: np.ndarray, bits: int) -> np.ndarray:
    """Rounds floats to mantissas of `bits` bits, of which the leading 1 is not one."""
    fractions, exponents = np.frexp(values)
    return np.ldexp(np.rint(np.ldexp(fractions, bits + 1)), exponents - bits - 1)


def fix_shapes(model: bytes, *shapes: tuple[int, ...]) -> bytes:
    """Returns the file with fixed shapes of all tensors, for an interpreter that cannot resize its inputs.

    Args:
        model: bytes of a LiteRT file.
        shapes: shape of each input; none sets only unknown dimensions, to 1.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=model,
        # Delegates would hide the tensors inside their part of the graph.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    inputs = interpreter.get_input_details()
    for details, shape in zip(inputs, shapes or [entry["shape"] for entry in inputs], strict=True):
        interpreter.resize_tensor_input(details["index"], shape)
    interpreter.allocate_tensors()
    known_shapes = {details["index"]: details["shape"] for details in interpreter.get_tensor_details()}
    network = _unpack(model)
    for index, tensor in enumerate(network.subgraphs[0].tensors):
        tensor.shape, tensor.shapeSignature = list(map(int, known_shapes[index])), None
    return pack(network)


def find_difference(model: bytes, other: bytes) -> bytes:
    """Returns the XOR of two files of one network, which compresses well: they differ in their shapes only.

    Args:
        model: bytes of a LiteRT file.
        other: the same network, of other shapes from `fix_shapes`. Its XOR with the result is `model`.
    """
    first, second = (np.frombuffer(file, "uint8") for file in (model, other))
    return (first ^ second).tobytes()


def _unpack(model: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(model, 0)


def _find_code(network: Any, builtin: int) -> int:
    """Returns the index of an operator code, which is added if the network lacks it."""
    for index, code in enumerate(network.operatorCodes):
        if code.builtinCode == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
    network.operatorCodes.append(code)
    return len(network.operatorCodes) - 1


def _read_constant(network: Any, tensor: Any) -> np.ndarray | None:
    """Returns the values of a float32 constant, flat; None for other tensors."""
    data = network.buffers[tensor.buffer].data
    if tensor.type != schema.TensorType.FLOAT32 or data is None or not len(data):
        return None
    return np.asarray(data, "uint8").view("float32")


def _drop_unused_buffers(network: Any) -> None:
    """Empties the buffers that no tensor uses. Metadata keep theirs."""
    used = {tensor.buffer for graph in network.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in network.metadata or ()}
    for index, buffer in enumerate(network.buffers):
        if index not in used:
            buffer.data = None
