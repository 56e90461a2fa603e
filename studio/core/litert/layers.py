"""Functions that add layers to a `Graph`. Arrays have the layout of Keras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.litert.graph import Graph, QuantizedRows, Tensor

SAME, VALID = 0, 1
BATCH_NORM_EPSILON = 1e-3  # epsilon of Keras' batch normalization
LINEAR, RELU = 0, 1  # fused activations


def elementwise(graph: Graph, name: str, x: Tensor) -> Tensor:
    """Adds an elementwise operator by name, e.g. "TANH"."""
    return graph.add_operator(name, [x], x.shape)


def add(graph: Graph, x: Tensor, y: Tensor, activation: int = LINEAR) -> Tensor:
    """Adds `x + y` with broadcasting."""
    return graph.add_operator("ADD", [x, y], _broadcast_shape(x, y), fusedActivationFunction=activation)


def multiply(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """Adds `x * y` with broadcasting."""
    return graph.add_operator("MUL", [x, y], _broadcast_shape(x, y))


def divide(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """Adds `x / y` for equal shapes."""
    return graph.add_operator("DIV", [x, y], x.shape)


def subtract(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """Adds `x - y` with broadcasting."""
    return graph.add_operator("SUB", [x, y], _broadcast_shape(x, y))


def softmax(graph: Graph, x: Tensor) -> Tensor:
    """Adds a softmax over the last axis."""
    return graph.add_operator("SOFTMAX", [x], x.shape, beta=1.0)


def batch_matmul(graph: Graph, x: Tensor, y: Tensor) -> Tensor:
    """Adds a batched matrix product: `(B, M, K)` times `(B, K, N)` is `(B, M, N)`."""
    return graph.add_operator("BATCH_MATMUL", [x, y], (*x.shape[:-1], y.shape[-1]))


def dense(
    graph: Graph, x: Tensor, kernel: np.ndarray | QuantizedRows, bias: np.ndarray | None = None
) -> Tensor:
    """Adds a dense layer, `(B, inputs)` -> `(B, outputs)`; its kernel is `(inputs, outputs)` or quantized."""
    weights = kernel if isinstance(kernel, QuantizedRows) else np.ascontiguousarray(kernel.T)
    values = weights.values if isinstance(weights, QuantizedRows) else weights
    inputs = [x, graph.add_constant(weights), None if bias is None else graph.add_constant(bias)]
    shape = (*x.shape[:-1], len(values))
    return graph.add_operator("FULLY_CONNECTED", inputs, shape, weights_type=values.dtype.name)


def split(graph: Graph, x: Tensor, part_count: int) -> list[Tensor]:
    """Splits the last axis into equal parts."""
    axis = graph.add_constant(np.array(len(x.shape) - 1, "int32"))
    shape = (*x.shape[:-1], x.shape[-1] // part_count)
    return graph.add_operator("SPLIT", [axis, x], *[shape] * part_count, numSplits=part_count)


def slice_columns(graph: Graph, rows: Tensor, start: int, length: int) -> Tensor:
    """Selects columns: `(B, n)` -> `(B, length)`."""
    shape = (rows.shape[0], length)
    bounds = [graph.add_constant(np.array(numbers, "int32")) for numbers in ((0, start), shape)]
    return graph.add_operator("SLICE", [rows, *bounds], shape)


def concatenate(graph: Graph, *tensors: Tensor) -> Tensor:
    """Concatenates along the last axis."""
    shape = (*tensors[0].shape[:-1], sum(tensor.shape[-1] for tensor in tensors))
    return graph.add_operator("CONCATENATION", tensors, shape, axis=len(shape) - 1)


def rms_normalize(graph: Graph, x: Tensor, epsilon: float) -> Tensor:
    """Divides by the root mean square over the last axis (RMSNorm without scale, arXiv:1910.07467)."""
    axis = graph.add_constant(np.array([len(x.shape) - 1], "int32"))
    mean = graph.add_operator("MEAN", [multiply(graph, x, x), axis], (*x.shape[:-1], 1), keepDims=True)
    shifted = add(graph, mean, graph.add_constant(np.array([epsilon], "float32")))
    return multiply(graph, x, elementwise(graph, "RSQRT", shifted))


def _broadcast_shape(x: Tensor, y: Tensor) -> tuple[int, ...]:
    return tuple(map(int, np.broadcast_shapes(x.shape, y.shape)))


def convolution(
    graph: Graph,
    x: Tensor,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: int = 1,
    same: bool = False,
    activation: int = LINEAR,
    dilation: int = 1,
) -> Tensor:
    """Adds a convolution.

    Args:
        graph: the graph.
        x: maps, `(B, H, W, inputs)`.
        kernel: `(h, w, inputs, outputs)`.
        bias: `(outputs,)`.
        stride: stride in both dimensions.
        same: whether to pad with zeros, like "same" in Keras.
        activation: fused activation, LINEAR or RELU.
        dilation: dilation in both dimensions.
    """
    batch, height, width, _ = x.shape
    kernel_height, kernel_width = (1 + dilation * (side - 1) for side in kernel.shape[:2])
    channels = kernel.shape[3]
    if same:
        output_size = (-(-height // stride), -(-width // stride))
    else:
        output_size = ((height - kernel_height) // stride + 1, (width - kernel_width) // stride + 1)
    weights = graph.add_constant(np.ascontiguousarray(kernel.transpose(3, 0, 1, 2)))
    return graph.add_operator(
        "CONV_2D",
        [x, weights, graph.add_constant(bias)],
        (batch, *output_size, channels),
        padding=SAME if same else VALID,
        strideH=stride,
        strideW=stride,
        dilationHFactor=dilation,
        dilationWFactor=dilation,
        fusedActivationFunction=activation,
    )


def zero_pad(graph: Graph, x: Tensor, padding: int) -> Tensor:
    """Pads maps with zeros on all sides."""
    batch, height, width, channels = x.shape
    paddings = graph.add_constant(np.array([[0, 0], [padding, padding], [padding, padding], [0, 0]], "int32"))
    return graph.add_operator(
        "PAD", [x, paddings], (batch, height + 2 * padding, width + 2 * padding, channels)
    )


def transposed_convolution(graph: Graph, padded: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """Adds a transposed convolution of stride 2, which doubles height and width.

    Each 2 x 2 block of the input determines a 2 x 2 block of the output. A plain convolution and a
    depth-to-space operator compute it in two thirds of the time of TRANSPOSE_CONV.

    Args:
        graph: the graph.
        padded: maps padded by 1 on all sides, `(B, H + 2, W + 2, inputs)`.
        kernel: `(4, 4, outputs, inputs)`.
        bias: `(outputs,)`.

    Returns:
        `(B, 2 H, 2 W, outputs)`.
    """
    batch, height, width, _ = padded.shape
    channels, inputs = kernel.shape[2:]
    four_kernels = np.empty((2, 2, inputs, 2, 2, channels), "float32")
    for down in range(2):
        for right in range(2):
            four_kernels[:, :, :, down, right] = kernel[2 + down :: -2, 2 + right :: -2].transpose(0, 1, 3, 2)
    block_maps = convolution(graph, padded, four_kernels.reshape(2, 2, inputs, -1), np.tile(bias, 4))
    begin, shape = (0, 1, 1, 0), (batch, 2 * (height - 2), 2 * (width - 2), channels)
    begin_and_size = [graph.add_constant(np.array(numbers, "int32")) for numbers in (begin, shape)]
    return graph.add_operator("SLICE", [depth_to_space(graph, block_maps), *begin_and_size], shape)


def to_colors(graph: Graph, padded: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """Adds a convolution to few channels that computes four pixels at once, to fill the CPU's SIMD lanes.

    Args:
        graph: the graph.
        padded: maps of even height and width, padded by half the kernel's side.
        kernel: `(side, side, inputs, outputs)`.
        bias: `(outputs,)`.
    """
    side = len(kernel)
    four_kernels = np.zeros((side + 1, side + 1, kernel.shape[2], 4 * len(bias)), "float32")
    for index in range(4):
        down, right = divmod(index, 2)
        channels = slice(index * len(bias), (index + 1) * len(bias))
        four_kernels[down : down + side, right : right + side, :, channels] = kernel
    return depth_to_space(graph, convolution(graph, padded, four_kernels, np.tile(bias, 4), 2))


def reshape(graph: Graph, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Adds a reshape."""
    return graph.add_operator(
        "RESHAPE", [x, graph.add_constant(np.array(shape, "int32"))], shape, newShape=list(shape)
    )


def depth_to_space(graph: Graph, x: Tensor) -> Tensor:
    """Rearranges `(B, H, W, 4 C)` to `(B, 2 H, 2 W, C)`: each position becomes a 2 x 2 block, row by row."""
    batch, height, width, channels = x.shape
    shape = (batch, 2 * height, 2 * width, channels // 4)
    return graph.add_operator("DEPTH_TO_SPACE", [x], shape, blockSize=2)


def average_pool(graph: Graph, x: Tensor, side: int) -> Tensor:
    """Averages blocks of `side` x `side`, by which height and width are divisible."""
    batch, height, width, channels = x.shape
    return graph.add_operator(
        "AVERAGE_POOL_2D",
        [x],
        (batch, height // side, width // side, channels),
        padding=VALID,
        strideH=side,
        strideW=side,
        filterHeight=side,
        filterWidth=side,
    )


def spatial_mean(graph: Graph, x: Tensor) -> Tensor:
    """Averages maps over height and width: `(B, H, W, C)` -> `(B, C)`."""
    axes = graph.add_constant(np.array([1, 2], "int32"))
    return graph.add_operator("MEAN", [x, axes], (x.shape[0], x.shape[3]), keepDims=False)


def leaky_relu(graph: Graph, x: Tensor, slope: float) -> Tensor:
    """Adds a leaky ReLU with this negative slope."""
    return graph.add_operator("LEAKY_RELU", [x], x.shape, alpha=slope)


def fold_batch_norm(
    kernel: np.ndarray, norm_weights: Sequence[np.ndarray], axis: int = -1
) -> tuple[np.ndarray, np.ndarray]:
    """Folds a batch normalization into the layer before it. Returns the new kernel and bias.

    Args:
        kernel: kernel of the layer, which has no bias.
        norm_weights: gamma, beta, mean and variance of each channel.
        axis: axis of the outputs; it may hold the channels several times in a row, as before a reshape.
    """
    gamma, beta, mean, variance = norm_weights
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    repeats = kernel.shape[axis] // len(scale)
    shape = [1] * kernel.ndim
    shape[axis] = -1
    return kernel * np.tile(scale, repeats).reshape(shape), np.tile(beta - mean * scale, repeats)
