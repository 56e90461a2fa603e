"""Convolutions with 4 by 4 kernels and stride 2, which halve or double the sides of an image.

Both consist of one matrix product and one conversion between images and patches: a convolution multiplies
patches, a transposed convolution multiplies and then adds overlapping patches. The batch is the last axis:
copies and sums are then contiguous in memory, which makes them three times as fast.

Reference:
    Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from studio.core.layers.network import Layer

KERNEL, STRIDE = 4, 2
InputGradientFunction = Callable[[], np.ndarray]


class LayerOperation(Protocol):
    """One layer: its shape, and its forward and backward pass."""

    kernel: tuple[int, int]
    outputs: int
    initial_deviation: float

    def forward(self, layer: Layer, inputs: np.ndarray) -> tuple[np.ndarray, Any]:
        """Returns the outputs for a batch, and a cache for `backward`."""

    def backward(self, layer: Layer, cache: Any, gradient: np.ndarray, into: Layer) -> InputGradientFunction:
        """Writes the gradients of the weights to `into`; returns a function for the inputs' gradient."""


class Convolution:
    """A convolution: `(in_channels, 2h, 2w, N) -> (out_channels, h, w, N)`."""

    def __init__(self, in_channels: int, out_channels: int):
        self.kernel, self.outputs = (KERNEL * KERNEL * in_channels, out_channels), out_channels
        self.initial_deviation = (2 / self.kernel[0]) ** 0.5

    def forward(self, layer: Layer, inputs: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `LayerOperation`."""
        columns = extract_patches(inputs)
        return _multiply(layer.kernel.T, columns) + layer.bias[:, None, None, None], columns

    def backward(self, layer: Layer, cache: Any, gradient: np.ndarray, into: Layer) -> InputGradientFunction:
        """See `LayerOperation`."""
        columns = gradient.reshape(self.outputs, -1)
        np.matmul(cache.reshape(self.kernel[0], -1), columns.T, out=into.kernel)
        np.sum(columns, axis=1, out=into.bias)
        return lambda: overlap_add(_multiply(layer.kernel, gradient))


class TransposedConvolution:
    """A transposed convolution: `(in_channels, h, w, N) -> (out_channels, 2h, 2w, N)`."""

    def __init__(self, in_channels: int, out_channels: int):
        self.kernel, self.outputs = (in_channels, KERNEL * KERNEL * out_channels), out_channels
        self.initial_deviation = (2 * STRIDE * STRIDE / (KERNEL * KERNEL * in_channels)) ** 0.5

    def forward(self, layer: Layer, inputs: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `LayerOperation`."""
        return overlap_add(_multiply(layer.kernel.T, inputs)) + layer.bias[:, None, None, None], inputs

    def backward(self, layer: Layer, cache: Any, gradient: np.ndarray, into: Layer) -> InputGradientFunction:
        """See `LayerOperation`."""
        columns = extract_patches(gradient)
        np.matmul(cache.reshape(self.kernel[0], -1), columns.reshape(self.kernel[1], -1).T, out=into.kernel)
        np.sum(gradient.reshape(self.outputs, -1), axis=1, out=into.bias)
        return lambda: _multiply(layer.kernel, columns)


class Dense:
    """A fully connected layer: `(*in_shape, N) -> (*out_shape, N)`."""

    def __init__(self, in_shape: Sequence[int], out_shape: Sequence[int]):
        self._in_shape, self._out_shape = tuple(in_shape), tuple(out_shape)
        self.kernel = (int(np.prod(in_shape)), int(np.prod(out_shape)))
        self.outputs, self.initial_deviation = self.kernel[1], (2 / self.kernel[0]) ** 0.5

    def forward(self, layer: Layer, inputs: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `LayerOperation`."""
        flat = inputs.reshape(self.kernel[0], -1)
        return (layer.kernel.T @ flat + layer.bias[:, None]).reshape(*self._out_shape, -1), flat

    def backward(self, layer: Layer, cache: Any, gradient: np.ndarray, into: Layer) -> InputGradientFunction:
        """See `LayerOperation`."""
        flat = gradient.reshape(self.kernel[1], -1)
        np.matmul(cache, flat.T, out=into.kernel)
        np.sum(flat, axis=1, out=into.bias)
        return lambda: (layer.kernel @ flat).reshape(*self._in_shape, -1)


class ConvolutionalNetwork:
    """A sequence of layers with a ReLU between them and all weights in one array.

    It has the interface of `studio.core.layers.network.Network`.
    """

    def __init__(self, operations: Sequence[LayerOperation], in_shape: Sequence[int]):
        self._operations, self._in_shape = list(operations), tuple(in_shape)
        size = sum(operation.kernel[0] * operation.kernel[1] + operation.outputs for operation in operations)
        self.weights = np.zeros(size, "float32")
        self.layers = self.split_layers(self.weights)

    def split_layers(self, flat: np.ndarray) -> list[Layer]:
        """Returns an array of all weights, or of their gradients, as layers."""
        layers, start = [], 0
        for operation in self._operations:
            end = start + operation.kernel[0] * operation.kernel[1]
            layers.append(
                Layer(flat[start:end].reshape(operation.kernel), flat[end : end + operation.outputs])
            )
            start = end + operation.outputs
        return layers

    def initialize(self, method: str, rng: np.random.Generator) -> None:
        """Draws the weights as in arXiv:1502.01852; ignores `method`."""
        self.weights[:] = 0
        for operation, layer in zip(self._operations, self.layers, strict=True):
            layer.kernel[:] = rng.normal(size=layer.kernel.shape) * operation.initial_deviation

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Returns the last layer's sums: `(N, inputs)` -> `(N, outputs)`."""
        return self.forward(inputs)[0]

    def forward(self, inputs: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """Returns the last layer's sums, and caches of all layers for `backward`."""
        value = np.ascontiguousarray(inputs.T).reshape(*self._in_shape, -1)
        caches = []
        for n, (operation, layer) in enumerate(zip(self._operations, self.layers, strict=True)):
            if n:
                value = np.maximum(value, 0)
            value, cache = operation.forward(layer, value)
            caches.append((cache, value))
        return _flatten(value), caches

    def backward(
        self,
        forward_pass: tuple[np.ndarray, list[Any]],
        gradient: np.ndarray,
        into: Sequence[Layer],
        to_inputs: bool = False,
    ) -> np.ndarray | None:
        """Writes the gradients of all weights to `into`; with `to_inputs` returns the inputs' gradient."""
        _, caches = forward_pass
        gradient = np.ascontiguousarray(gradient.T).reshape(caches[-1][1].shape)
        for n in range(len(self._operations) - 1, -1, -1):
            cache, _ = caches[n]
            compute_input_gradient = self._operations[n].backward(self.layers[n], cache, gradient, into[n])
            if not n and not to_inputs:
                return None
            gradient = compute_input_gradient()
            if n:
                gradient *= caches[n - 1][1] > 0
        return _flatten(gradient)


def _flatten(value: np.ndarray) -> np.ndarray:
    """Flattens `(..., N)` to `(N, size)`."""
    return np.ascontiguousarray(value.reshape(-1, value.shape[-1]).T)


def _multiply(kernel: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Multiplies `(outputs, inputs)` and `(inputs, h, w, N)` to `(outputs, h, w, N)`."""
    return (kernel @ value.reshape(kernel.shape[1], -1)).reshape(len(kernel), *value.shape[-3:])


def extract_patches(images: np.ndarray) -> np.ndarray:
    """Returns the patches under a kernel: `(C, 2h, 2w, N)` -> `(KERNEL * KERNEL * C, h, w, N)`."""
    channels, height, width, count = images.shape
    padded = np.zeros((channels, height + 2, width + 2, count), images.dtype)
    padded[:, 1:-1, 1:-1] = images
    columns = np.empty((KERNEL, KERNEL, channels, height // STRIDE, width // STRIDE, count), images.dtype)
    for row in range(KERNEL):
        for column in range(KERNEL):
            columns[row, column] = padded[:, row : row + height : STRIDE, column : column + width : STRIDE]
    return columns.reshape(-1, *columns.shape[3:])


def overlap_add(columns: np.ndarray) -> np.ndarray:
    """Adds overlapping patches to images; the transpose of `extract_patches`."""
    height, width, count = columns.shape[1] * STRIDE, columns.shape[2] * STRIDE, columns.shape[3]
    parts = columns.reshape(KERNEL, KERNEL, -1, *columns.shape[1:])
    padded = np.zeros((parts.shape[2], height + 2, width + 2, count), columns.dtype)
    for row in range(KERNEL):
        for column in range(KERNEL):
            padded[:, row : row + height : STRIDE, column : column + width : STRIDE] += parts[row, column]
    return padded[:, 1:-1, 1:-1]
