"""The network of house styles rebuilt from layers that LiteRT runs fast; the function is the same.

Exported unchanged, the network takes twice as long: MIRROR_PAD is slow, convolving enlarged activations costs
four times the products of small ones, and a convolution to three channels leaves most SIMD lanes empty.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.models.presets import Preset
from studio.style.house.network import EPSILON, LEARNING_RATE_FACTOR, MirrorPadding, StyledNorm
from studio.style.house.paint import load_keras


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported network. Raises `InvalidInput` for another model or incomplete files."""
    return {"network": optimize_for_inference(load_keras(preset))}


def optimize_for_inference(network: keras.Model) -> keras.Model:
    """Returns a faster network that computes the same: it merges convolutions with upsampling and norms."""
    return keras.models.clone_model(network, clone_function=_optimize_layer)


def _optimize_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns a faster layer in place of a slow one; returns other layers unchanged."""
    if layer.name in ("out1_larger", "out2_larger"):
        return keras.layers.Identity()  # the next convolution enlarges
    if layer.name in ("out1_border", "out2_border"):
        return SlicedPadding(1, symmetric=True)
    if layer.name in ("out1", "out2"):
        return ConvolutionToPixels(*_merge_upsampling(*layer.get_weights()))
    if layer.name == "out3":
        return ConvolutionToPixels(*_widen_kernel(*layer.get_weights()), stride=2)
    if isinstance(layer, MirrorPadding):
        return SlicedPadding(layer.width)
    if isinstance(layer, StyledNorm):
        return FastStyledNorm(*layer.get_weights())
    return layer


class SlicedPadding(keras.layers.Layer):
    """Pads activations by reflection, built from slices; `symmetric` repeats the border itself."""

    def __init__(self, width: int, symmetric: bool = False):
        super().__init__()
        self.width, self.first_offset = width, 0 if symmetric else 1

    def call(self, maps: Any) -> Any:
        """Pads `(B, H, W, C)` to `(B, H + 2 * width, W + 2 * width, C)`."""
        offsets = range(self.first_offset, self.first_offset + self.width)
        for axis in (1, 2):
            before = [_slice_axis(maps, axis, n, n + 1) for n in reversed(offsets)]
            after = [_slice_axis(maps, axis, -n - 1, -n or None) for n in offsets]
            maps = ops.concatenate([*before, maps, *after], axis)
        return maps

    def compute_output_shape(self, shape: Any) -> Any:
        """Returns the padded shape; unknown sides stay unknown."""
        count, *sides, channels = shape
        return (count, *(side and side + 2 * self.width for side in sides), channels)


class ConvolutionToPixels(keras.layers.Layer):
    """A convolution whose output channels become two by two pixels each."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray, stride: int = 1):
        super().__init__()
        self.kernel, self.bias, self.stride = kernel, bias, stride

    def call(self, maps: Any) -> Any:
        """Convolves `(B, h, w, C)` and doubles the sides; with stride 1 crops the border."""
        pixels = ops.depth_to_space(ops.conv(maps, self.kernel, self.stride, "valid") + self.bias, 2)
        return pixels if self.stride > 1 else pixels[:, 1:-1, 1:-1]

    def compute_output_shape(self, shape: Any) -> Any:
        """Returns the shape with unknown sides."""
        return (shape[0], None, None, len(self.bias) // 4)


class FastStyledNorm(keras.layers.Layer):
    """`StyledNorm` with one product less per position."""

    def __init__(self, gain: np.ndarray, shift: np.ndarray):
        super().__init__()
        self.gain, self.shift = LEARNING_RATE_FACTOR * gain, LEARNING_RATE_FACTOR * shift

    def call(self, inputs: Any) -> Any:
        """Normalizes `(B, H, W, C)` activations with `(B, styles)` shares, to `(B, H, W, C)`."""
        maps, shares = inputs
        centered = maps - ops.mean(maps, (1, 2), keepdims=True)
        variance = ops.mean(centered * centered, (1, 2), keepdims=True)
        gain, shift = (
            ops.reshape(ops.matmul(shares, weights), (-1, 1, 1, weights.shape[1]))
            for weights in (self.gain, self.shift)
        )
        return centered * ((1 + gain) * ops.rsqrt(variance + EPSILON)) + shift

    def compute_output_shape(self, shapes: Any) -> Any:
        """Returns the shape of the activations."""
        return shapes[0]


def _slice_axis(maps: Any, axis: int, start: int, end: int | None) -> Any:
    return maps[:, start:end] if axis == 1 else maps[:, :, start:end]


def _merge_upsampling(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Combines a 3 px kernel with 2 x nearest-neighbor upsampling: `(2, 2, C, 4 * D)` for the small input.

    Each of the four output pixels of a position sees 2 x 2 input positions, weighted by sums of the kernel.
    """
    sums = np.zeros((4, 4, *kernel.shape[2:]), "float32")
    for down, right in np.ndindex(2, 2):
        sums[down : down + 3, right : right + 3] += kernel[::-1, ::-1]
    kernels = [sums[2 + down :: -2, 2 + right :: -2] for down, right in np.ndindex(2, 2)]
    return np.concatenate(kernels, axis=-1), np.tile(bias, 4)


def _widen_kernel(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widens a kernel to compute four pixels at stride 2: `(side + 1, side + 1, C, 4 * D)`."""
    kernels = [
        np.pad(kernel, ((down, 1 - down), (right, 1 - right), (0, 0), (0, 0)))
        for down, right in np.ndindex(2, 2)
    ]
    return np.concatenate(kernels, axis=-1), np.tile(bias, 4)
