"""The network of house styles: styles share the convolutions, each has its own gains and shifts.

Reference:
    Dumoulin et al. 2017, arXiv:1610.07629; the shape follows Johnson et al. 2016, arXiv:1603.08155, with
    convolutions after nearest-neighbor upsampling (Odena et al. 2016) against checkerboard artifacts.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.training.batches import derive_seed
from studio.style.house.settings import TrainStyleSettings

LEARNING_RATE_FACTOR = 10.0  # of gains and shifts: each style is trained less often than shared weights
EPSILON = 1e-5  # added to variances


class StyledNorm(keras.layers.Layer):
    """Normalizes each channel of each image, then applies the gain and shift of a mix of styles.

    Called with `(B, H, W, C)` activations and `(B, styles)` shares.
    """

    def __init__(self, styles: int, **options: Any):
        super().__init__(**options)
        self.styles = styles

    def build(self, shapes: Any) -> None:
        channels = shapes[0][-1]
        self.gain = self.add_weight(shape=(self.styles, channels), initializer="zeros", name="gain")
        self.shift = self.add_weight(shape=(self.styles, channels), initializer="zeros", name="shift")

    def call(self, inputs: Any) -> Any:
        maps, shares = inputs
        mean, variance = ops.moments(maps, axes=(1, 2), keepdims=True)
        gain = (1 + self._mix(shares, self.gain)) * ops.rsqrt(variance + EPSILON)
        shift = self._mix(shares, self.shift) - mean * gain
        return maps * gain + shift

    def _mix(self, shares: Any, weights: Any) -> Any:
        return LEARNING_RATE_FACTOR * ops.matmul(shares, weights)[:, None, None, :]

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]


class MirrorPadding(keras.layers.Layer):
    """Pads activations by reflection, which avoids visible borders.

    Args:
        width: of the border, in px.
    """

    def __init__(self, width: int, **options: Any):
        super().__init__(**options)
        self.width = width

    def call(self, maps: Any) -> Any:
        border = (self.width, self.width)
        return ops.pad(maps, ((0, 0), border, border, (0, 0)), mode="reflect")

    def compute_output_shape(self, shape: Any) -> Any:
        batch, height, width, channels = shape
        wider = tuple(None if side is None else side + 2 * self.width for side in (height, width))
        return (batch, *wider, channels)


def build_network(settings: TrainStyleSettings, style_count: int) -> keras.Model:
    """Builds an untrained network.

    Args:
        settings: width, depth and weight seed.
        style_count: number of styles.

    Returns:
        Model from photos `(B, H, W, 3) float32 in [0, 1]`, with sides that are multiples of STRIDE, and
        shares `(B, styles)` to results of the photos' shape.
    """
    photos = keras.Input((None, None, 3), name="photos")
    shares = keras.Input((style_count,), name="shares")
    seeds = iter(derive_seed(settings.seed, number) for number in range(100))
    width = settings.width

    def add_conv(maps: Any, channels: int, side: int, name: str, stride: int = 1, scale: float = 1.0) -> Any:
        initializer = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", next(seeds))
        maps = MirrorPadding(side // 2, name=f"{name}_border")(maps)
        return keras.layers.Conv2D(channels, side, stride, name=name, kernel_initializer=initializer)(maps)

    def add_norm(maps: Any, name: str, active: bool = True, **options: Any) -> Any:
        maps = StyledNorm(style_count, name=f"{name}_style", **options)([maps, shares])
        return keras.layers.ReLU(name=f"{name}_relu")(maps) if active else maps

    maps = centered = keras.layers.Rescaling(2.0, -1.0, name="centered", dtype="float32")(photos)
    for name, channels, side, stride in (
        ("in1", width, 9, 1),
        ("in2", 2 * width, 3, 2),
        ("in3", 3 * width, 3, 2),
    ):
        maps = add_norm(add_conv(maps, channels, side, name, stride), name)
    for number in range(1, settings.blocks + 1):
        inner = add_norm(add_conv(maps, 3 * width, 3, f"block{number}a"), f"block{number}a")
        inner = add_norm(add_conv(inner, 3 * width, 3, f"block{number}b"), f"block{number}b", active=False)
        maps = keras.layers.Add(name=f"block{number}")([maps, inner])
    for name, channels in (("out1", 2 * width), ("out2", width)):
        maps = keras.layers.UpSampling2D(2, name=f"{name}_larger")(maps)
        maps = add_norm(add_conv(maps, channels, 3, name), name)
    # Add changes to the photo, so that the network starts as the identity and need not learn to copy.
    # Keep float32: bfloat16 would band clear skies.
    maps = keras.layers.Add(name="changed", dtype="float32")(
        [add_conv(maps, 3, 9, "out3", scale=0.01), centered]
    )
    maps = add_norm(maps, "out3", active=False, dtype="float32")
    output = keras.layers.Activation("sigmoid", name="painted", dtype="float32")(maps)
    return keras.Model([photos, shares], output, name="house")


def widen_weights(smaller: keras.Model, model: keras.Model) -> list[np.ndarray]:
    """Returns the weights of a network with fewer styles, widened for one with more.

    Args:
        smaller: the network with fewer styles.
        model: the same network with more styles; new styles start as the mean of the others.

    Raises:
        ValueError: if the networks differ otherwise.
    """
    weights = {variable.path: np.asarray(variable) for variable in smaller.weights}
    arrays = []
    for variable in model.weights:
        array = weights.get(variable.path, np.empty(0))
        if array.ndim == 2 and array.shape[1:] == variable.shape[1:]:
            missing = max(0, variable.shape[0] - len(array))
            array = np.concatenate([array, np.repeat(array.mean(0, keepdims=True), missing, axis=0)])
        if array.shape != tuple(variable.shape):
            raise ValueError(f"{variable.path} has another shape")
        arrays.append(array)
    return arrays
