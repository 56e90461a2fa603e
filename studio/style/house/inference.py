"""The network of house styles as LiteRT runs it fastest: the same function by other layers, built from it.

Exported as it is, the network takes twice as long: MIRROR_PAD is slow, enlarged maps cost four times as many
products as the small ones, and a convolution to three channels leaves most lanes of a processor empty.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.models.presets import Preset
from studio.style.house.network import SMALL, SPEED, Mirrored, StyledNorm
from studio.style.house.paint import load


def networks(preset: Preset) -> dict[str, keras.Model]:
    """What is exported. Raises `InvalidInput` if it is no such network, or its files are not whole."""
    return {"network": faster(load(preset))}


def faster(network: keras.Model) -> keras.Model:
    """A network of the same inputs and outputs, with the weights of a trained one."""
    return keras.models.clone_model(network, clone_function=_replacement)


def _replacement(layer: keras.layers.Layer) -> keras.layers.Layer:
    if layer.name in ("out1_larger", "out2_larger"):
        return keras.layers.Identity()  # the convolution behind it does the enlarging
    if layer.name in ("out1_border", "out2_border"):
        return Border(1, symmetric=True)
    if layer.name in ("out1", "out2"):
        return Spread(*_enlarging(*layer.get_weights()))
    if layer.name == "out3":
        return Spread(*_four_pixels(*layer.get_weights()), stride=2)
    if isinstance(layer, Mirrored):
        return Border(layer.width)
    if isinstance(layer, StyledNorm):
        return Norm(*layer.get_weights())
    return layer


class Border(keras.layers.Layer):
    """Continues maps by their mirror image, of slices; `symmetric` repeats the border itself."""

    def __init__(self, width: int, symmetric: bool = False):
        super().__init__()
        self.width, self.first = width, 0 if symmetric else 1

    def call(self, maps: Any) -> Any:
        """`(B, H, W, C)` -> `(B, H + 2 * width, W + 2 * width, C)`."""
        places = range(self.first, self.first + self.width)
        for axis in (1, 2):
            before = [_slice(maps, axis, n, n + 1) for n in reversed(places)]
            after = [_slice(maps, axis, -n - 1, -n or None) for n in places]
            maps = ops.concatenate([*before, maps, *after], axis)
        return maps

    def compute_output_shape(self, shape: Any) -> Any:
        """Free sides stay free."""
        count, *sides, channels = shape
        return (count, *(side and side + 2 * self.width for side in sides), channels)


class Spread(keras.layers.Layer):
    """A convolution whose output channels are two by two pixels each."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray, stride: int = 1):
        super().__init__()
        self.kernel, self.bias, self.stride = kernel, bias, stride

    def call(self, maps: Any) -> Any:
        """`(B, h, w, C)` -> twice the sides of what the convolution gives; of stride 1 without its border."""
        pixels = ops.depth_to_space(ops.conv(maps, self.kernel, self.stride, "valid") + self.bias, 2)
        return pixels if self.stride > 1 else pixels[:, 1:-1, 1:-1]

    def compute_output_shape(self, shape: Any) -> Any:
        """Free sides stay free."""
        return (shape[0], None, None, len(self.bias) // 4)


class Norm(keras.layers.Layer):
    """As `StyledNorm`, with a product less for each place."""

    def __init__(self, gain: np.ndarray, shift: np.ndarray):
        super().__init__()
        self.gain, self.shift = SPEED * gain, SPEED * shift

    def call(self, inputs: Any) -> Any:
        """`(B, H, W, C)` maps and `(B, styles)` shares -> `(B, H, W, C)`."""
        maps, shares = inputs
        moved = maps - ops.mean(maps, (1, 2), keepdims=True)
        variance = ops.mean(moved * moved, (1, 2), keepdims=True)
        gain, shift = (
            ops.reshape(ops.matmul(shares, numbers), (-1, 1, 1, numbers.shape[1]))
            for numbers in (self.gain, self.shift)
        )
        return moved * ((1 + gain) * ops.rsqrt(variance + SMALL)) + shift

    def compute_output_shape(self, shapes: Any) -> Any:
        """That of the maps."""
        return shapes[0]


def _slice(maps: Any, axis: int, start: int, end: int | None) -> Any:
    return maps[:, start:end] if axis == 1 else maps[:, :, start:end]


def _enlarging(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a kernel of 3 px makes of maps with both sides doubled, for the small maps: `(2, 2, C, 4 * D)`.

    Each of the four pixels that come of one place sees two by two small places, by sums of the kernel.
    """
    sums = np.zeros((4, 4, *kernel.shape[2:]), "float32")
    for down, right in np.ndindex(2, 2):
        sums[down : down + 3, right : right + 3] += kernel[::-1, ::-1]
    four = [sums[2 + down :: -2, 2 + right :: -2] for down, right in np.ndindex(2, 2)]
    return np.concatenate(four, axis=-1), np.tile(bias, 4)


def _four_pixels(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A kernel that gives four pixels at once, two places apart: `(side + 1, side + 1, C, 4 * D)`."""
    four = [
        np.pad(kernel, ((down, 1 - down), (right, 1 - right), (0, 0), (0, 0)))
        for down, right in np.ndindex(2, 2)
    ]
    return np.concatenate(four, axis=-1), np.tile(bias, 4)
