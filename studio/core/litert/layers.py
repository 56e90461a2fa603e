"""Layers of the studio's networks, added to a `Graph`. Arrays are as Keras lays them out."""

from __future__ import annotations

import numpy as np

from studio.core.litert.graph import Graph, Rows, Tensor

_SAME, _VALID = 0, 1
RELU = 1  # as `active`: what lies below zero becomes zero


def plain(graph: Graph, name: str, x: Tensor) -> Tensor:
    """An operator on each number alone, e.g. "TANH"."""
    return graph.add(name, [x], x.shape)


def sum_of(graph: Graph, x: Tensor, y: Tensor, active: int = 0) -> Tensor:
    """`x + y`; `y` may have one number where `x` has many."""
    return graph.add("ADD", [x, y], _wider(x, y), fusedActivationFunction=active)


def product(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`x * y`; `y` may have one number where `x` has many."""
    return graph.add("MUL", [x, y], _wider(x, y))


def difference(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`x - y`; `y` may have one number where `x` has many."""
    return graph.add("SUB", [x, y], _wider(x, y))


def dense(graph: Graph, x: Tensor, kernel: np.ndarray | Rows, bias: np.ndarray | None = None) -> Tensor:
    """`(B, inputs)` -> `(B, outputs)` by a kernel `(inputs, outputs)`, or by its `Rows`."""
    weights = kernel if isinstance(kernel, Rows) else np.ascontiguousarray(kernel.T)
    numbers = weights.numbers if isinstance(weights, Rows) else weights
    ends = [x, graph.constant(weights), None if bias is None else graph.constant(bias)]
    shape = (*x.shape[:-1], len(numbers))
    return graph.add("FULLY_CONNECTED", ends, shape, weights=numbers.dtype.name)


def split(graph: Graph, x: Tensor, parts: int) -> list[Tensor]:
    """Equal parts of the last axis."""
    axis = graph.constant(np.array(len(x.shape) - 1, "int32"))
    shape = (*x.shape[:-1], x.shape[-1] // parts)
    return graph.add("SPLIT", [axis, x], *[shape] * parts, numSplits=parts)


def _wider(x: Tensor, y: Tensor) -> tuple[int, ...]:
    return tuple(map(int, np.broadcast_shapes(x.shape, y.shape)))
