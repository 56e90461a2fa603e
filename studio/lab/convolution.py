"""Layers that look at an image four pixels by four at a time, and halve or double its sides.

Both are one product of matrices and one way of cutting an image into patches: a convolution multiplies
patches, and its opposite lays patches over each other that it has multiplied. The images of a batch lie in
the last axis: then what is copied and added lies side by side in memory, which makes it three times as fast.

Reference:
    Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from studio.core.layers.network import Layer

KERNEL, STRIDE = 4, 2
Back = Callable[[], np.ndarray]


class Stage(Protocol):
    """One layer: its shape, and the ways through it."""

    kernel: tuple[int, int]
    outputs: int
    spread: float

    def forward(self, layer: Layer, given: np.ndarray) -> tuple[np.ndarray, Any]:
        """What it makes of a batch, and what `backward` needs."""

    def backward(self, layer: Layer, kept: Any, gradient: np.ndarray, into: Layer) -> Back:
        """Writes the gradient of its weights; gives what works out that of what it was given."""


class Halve:
    """A convolution: `(given, 2h, 2w, N) -> (made, h, w, N)`."""

    def __init__(self, given: int, made: int):
        self.kernel, self.outputs = (KERNEL * KERNEL * given, made), made
        self.spread = (2 / self.kernel[0]) ** 0.5

    def forward(self, layer: Layer, given: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `Stage`."""
        cut = patches(given)
        return _product(layer.kernel.T, cut) + layer.bias[:, None, None, None], cut

    def backward(self, layer: Layer, kept: Any, gradient: np.ndarray, into: Layer) -> Back:
        """See `Stage`."""
        columns = gradient.reshape(self.outputs, -1)
        np.matmul(kept.reshape(self.kernel[0], -1), columns.T, out=into.kernel)
        np.sum(columns, axis=1, out=into.bias)
        return lambda: overlaid(_product(layer.kernel, gradient))


class Double:
    """The opposite: `(given, h, w, N) -> (made, 2h, 2w, N)`."""

    def __init__(self, given: int, made: int):
        self.kernel, self.outputs = (given, KERNEL * KERNEL * made), made
        self.spread = (2 * STRIDE * STRIDE / (KERNEL * KERNEL * given)) ** 0.5

    def forward(self, layer: Layer, given: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `Stage`."""
        return overlaid(_product(layer.kernel.T, given)) + layer.bias[:, None, None, None], given

    def backward(self, layer: Layer, kept: Any, gradient: np.ndarray, into: Layer) -> Back:
        """See `Stage`."""
        cut = patches(gradient)
        np.matmul(kept.reshape(self.kernel[0], -1), cut.reshape(self.kernel[1], -1).T, out=into.kernel)
        np.sum(gradient.reshape(self.outputs, -1), axis=1, out=into.bias)
        return lambda: _product(layer.kernel, cut)


class Dense:
    """Fully connected, from and to arrays of any shape: `(*given, N) -> (*made, N)`."""

    def __init__(self, given: Sequence[int], made: Sequence[int]):
        self._given, self._made = tuple(given), tuple(made)
        self.kernel = (int(np.prod(given)), int(np.prod(made)))
        self.outputs, self.spread = self.kernel[1], (2 / self.kernel[0]) ** 0.5

    def forward(self, layer: Layer, given: np.ndarray) -> tuple[np.ndarray, Any]:
        """See `Stage`."""
        flat = given.reshape(self.kernel[0], -1)
        return (layer.kernel.T @ flat + layer.bias[:, None]).reshape(*self._made, -1), flat

    def backward(self, layer: Layer, kept: Any, gradient: np.ndarray, into: Layer) -> Back:
        """See `Stage`."""
        flat = gradient.reshape(self.kernel[1], -1)
        np.matmul(kept, flat.T, out=into.kernel)
        np.sum(flat, axis=1, out=into.bias)
        return lambda: (layer.kernel @ flat).reshape(*self._given, -1)


class Stages:
    """Layers one after the other, with a ReLU between each two, whose weights are one array.

    It is used as `studio.core.layers.network.Network` is.
    """

    def __init__(self, stages: Sequence[Stage], given: Sequence[int]):
        self._stages, self._given = list(stages), tuple(given)
        size = sum(stage.kernel[0] * stage.kernel[1] + stage.outputs for stage in stages)
        self.weights = np.zeros(size, "float32")
        self.layers = self.views(self.weights)

    def views(self, flat: np.ndarray) -> list[Layer]:
        """One array of all weights, or of their gradients, as layers."""
        found, at = [], 0
        for stage in self._stages:
            end = at + stage.kernel[0] * stage.kernel[1]
            found.append(Layer(flat[at:end].reshape(stage.kernel), flat[end : end + stage.outputs]))
            at = end + stage.outputs
        return found

    def initialize(self, how: str, rng: np.random.Generator) -> None:
        """Draws the weights again as arXiv:1502.01852 does, which is all that `how` may ask for."""
        self.weights[:] = 0
        for stage, layer in zip(self._stages, self.layers, strict=True):
            layer.kernel[:] = rng.normal(size=layer.kernel.shape) * stage.spread

    def answer(self, told: np.ndarray) -> np.ndarray:
        """`(N, inputs)` -> the last sums, `(N, outputs)`."""
        return self.forward(told)[0]

    def forward(self, told: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """The last sums, and what each layer needs to go back."""
        value = np.ascontiguousarray(told.T).reshape(*self._given, -1)
        kept = []
        for number, (stage, layer) in enumerate(zip(self._stages, self.layers, strict=True)):
            if number:
                value = np.maximum(value, 0)
            value, own = stage.forward(layer, value)
            kept.append((own, value))
        return _rows(value), kept

    def backward(
        self,
        found: tuple[np.ndarray, list[Any]],
        gradient: np.ndarray,
        into: Sequence[Layer],
        to_inputs: bool = False,
    ) -> np.ndarray | None:
        """Gradients of all weights, from that of the last sums; on demand that of what it was told."""
        _, kept = found
        gradient = np.ascontiguousarray(gradient.T).reshape(kept[-1][1].shape)
        for number in range(len(self._stages) - 1, -1, -1):
            own, _ = kept[number]
            back = self._stages[number].backward(self.layers[number], own, gradient, into[number])
            if not number and not to_inputs:
                return None
            gradient = back()
            if number:
                gradient *= kept[number - 1][1] > 0
        return _rows(gradient)


def _rows(value: np.ndarray) -> np.ndarray:
    """`(..., N)` -> `(N, all of it)`."""
    return np.ascontiguousarray(value.reshape(-1, value.shape[-1]).T)


def _product(kernel: np.ndarray, value: np.ndarray) -> np.ndarray:
    """`(made, given)` times `(given, h, w, N)` -> `(made, h, w, N)`."""
    return (kernel @ value.reshape(kernel.shape[1], -1)).reshape(len(kernel), *value.shape[-3:])


def patches(given: np.ndarray) -> np.ndarray:
    """`(C, 2h, 2w, N)` -> `(KERNEL * KERNEL * C, h, w, N)`: what a kernel sees at each of its places."""
    channels, height, width, count = given.shape
    padded = np.zeros((channels, height + 2, width + 2, count), given.dtype)
    padded[:, 1:-1, 1:-1] = given
    cut = np.empty((KERNEL, KERNEL, channels, height // STRIDE, width // STRIDE, count), given.dtype)
    for down in range(KERNEL):
        for across in range(KERNEL):
            cut[down, across] = padded[:, down : down + height : STRIDE, across : across + width : STRIDE]
    return cut.reshape(-1, *cut.shape[3:])


def overlaid(cut: np.ndarray) -> np.ndarray:
    """The opposite of `patches`: lays patches where they were cut, and adds them up."""
    height, width, count = cut.shape[1] * STRIDE, cut.shape[2] * STRIDE, cut.shape[3]
    parts = cut.reshape(KERNEL, KERNEL, -1, *cut.shape[1:])
    whole = np.zeros((parts.shape[2], height + 2, width + 2, count), cut.dtype)
    for down in range(KERNEL):
        for across in range(KERNEL):
            whole[:, down : down + height : STRIDE, across : across + width : STRIDE] += parts[down, across]
    return whole[:, 1:-1, 1:-1]
