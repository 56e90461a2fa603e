"""Layers of the studio's networks, added to a `Graph`. Arrays are as Keras lays them out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.litert.graph import Graph, Rows, Tensor

SAME, VALID = 0, 1
SMALL = 1e-3  # what Keras adds to a variance
LINEAR, RELU = 0, 1  # what becomes of a sum: it stays, or zero takes the place of what lies below


def plain(graph: Graph, name: str, x: Tensor) -> Tensor:
    """An operator on each number alone, e.g. "TANH"."""
    return graph.add(name, [x], x.shape)


def sum_of(graph: Graph, x: Tensor, y: Tensor, active: int = LINEAR) -> Tensor:
    """`x + y`; `y` may have one number where `x` has many."""
    return graph.add("ADD", [x, y], _wider(x, y), fusedActivationFunction=active)


def product(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`x * y`; `y` may have one number where `x` has many."""
    return graph.add("MUL", [x, y], _wider(x, y))


def quotient(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`x / y`, of one shape."""
    return graph.add("DIV", [x, y], x.shape)


def difference(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`x - y`; `y` may have one number where `x` has many."""
    return graph.add("SUB", [x, y], _wider(x, y))


def softmax(graph: Graph, x: Tensor) -> Tensor:
    """The last axis as shares of 1."""
    return graph.add("SOFTMAX", [x], x.shape, beta=1.0)


def products(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """`(B, M, K)` times `(B, K, N)`, matrix by matrix: `(B, M, N)`."""
    return graph.add("BATCH_MATMUL", [x, y], (*x.shape[:-1], y.shape[-1]))


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


def convolution(
    graph: Graph,
    x: Tensor,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: int = 1,
    same: bool = False,
    active: int = LINEAR,
    spacing: int = 1,
) -> Tensor:
    """A convolution of maps by a kernel `(h, w, inputs, outputs)`; `same` puts zeros around them.

    Args:
        spacing: from one place that the kernel looks at to the next.
    """
    count, height, width, _ = x.shape
    down, right = (1 + spacing * (side - 1) for side in kernel.shape[:2])
    channels = kernel.shape[3]
    if same:
        sides = (-(-height // stride), -(-width // stride))
    else:
        sides = ((height - down) // stride + 1, (width - right) // stride + 1)
    weights = graph.constant(np.ascontiguousarray(kernel.transpose(3, 0, 1, 2)))
    return graph.add(
        "CONV_2D",
        [x, weights, graph.constant(bias)],
        (count, *sides, channels),
        padding=SAME if same else VALID,
        strideH=stride,
        strideW=stride,
        dilationHFactor=spacing,
        dilationWFactor=spacing,
        fusedActivationFunction=active,
    )


def bordered(graph: Graph, x: Tensor, width: int) -> Tensor:
    """Maps with zeros around them."""
    count, height, right, channels = x.shape
    widths = graph.constant(np.array([[0, 0], [width, width], [width, width], [0, 0]], "int32"))
    return graph.add("PAD", [x, widths], (count, height + 2 * width, right + 2 * width, channels))


def doubled(graph: Graph, around: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """A transposed convolution of stride 2 by a kernel `(4, 4, outputs, inputs)`, for twice the sides.

    Each two by two of the small maps decide two by two of the large ones, which a plain convolution finds at
    once, one place further: in two thirds of the time of the operator for it, TRANSPOSE_CONV.

    Args:
        around: maps `(B, H + 2, W + 2, inputs)`, continued by one place on every side.

    Returns:
        `(B, 2 H, 2 W, outputs)`.
    """
    count, height, width, _ = around.shape
    channels, inputs = kernel.shape[2:]
    four = np.empty((2, 2, inputs, 2, 2, channels), "float32")
    for down in range(2):
        for right in range(2):
            four[:, :, :, down, right] = kernel[2 + down :: -2, 2 + right :: -2].transpose(0, 1, 3, 2)
    joined = convolution(graph, around, four.reshape(2, 2, inputs, -1), np.tile(bias, 4))
    begin, shape = (0, 1, 1, 0), (count, 2 * (height - 2), 2 * (width - 2), channels)
    ends = [graph.constant(np.array(numbers, "int32")) for numbers in (begin, shape)]
    return graph.add("SLICE", [depth_to_space(graph, joined), *ends], shape)


def to_colors(graph: Graph, around: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """A convolution to few channels, four pixels at once: fewer outputs leave a processor's lanes empty.

    Args:
        around: maps of even sides, continued beyond their borders by half the kernel's side.
    """
    side = len(kernel)
    four = np.zeros((side + 1, side + 1, kernel.shape[2], 4 * len(bias)), "float32")
    for n in range(4):
        down, right = divmod(n, 2)
        channels = slice(n * len(bias), (n + 1) * len(bias))
        four[down : down + side, right : right + side, :, channels] = kernel
    return depth_to_space(graph, convolution(graph, around, four, np.tile(bias, 4), 2))


def reshaped(graph: Graph, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same numbers in another shape."""
    return graph.add("RESHAPE", [x, graph.constant(np.array(shape, "int32"))], shape, newShape=list(shape))


def depth_to_space(graph: Graph, x: Tensor) -> Tensor:
    """`(B, H, W, 4 C)` -> `(B, 2 H, 2 W, C)`: each position becomes a square of pixels, row by row."""
    count, height, width, channels = x.shape
    shape = (count, 2 * height, 2 * width, channels // 4)
    return graph.add("DEPTH_TO_SPACE", [x], shape, blockSize=2)


def leaky(graph: Graph, x: Tensor, slope: float) -> Tensor:
    """Numbers below zero shrink to this share."""
    return graph.add("LEAKY_RELU", [x], x.shape, alpha=slope)


def folded(kernel: np.ndarray, norm: Sequence[np.ndarray], axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """A kernel, and the bias with which it also does what a batch normalization after it has learned to do.

    Args:
        kernel: without a bias of its own.
        norm: gain, shift, mean and variance of each channel.
        axis: of the outputs; there may be several of each channel, side by side, as before a Reshape.
    """
    gain, shift, mean, variance = norm
    scale = gain / np.sqrt(variance + SMALL)
    times = kernel.shape[axis] // len(scale)
    along = [1] * kernel.ndim
    along[axis] = -1
    return kernel * np.tile(scale, times).reshape(along), np.tile(shift - mean * scale, times)
