"""The network of house styles: all styles share its convolutions, each has gains and shifts of its own.

Reference:
    Dumoulin et al. 2017, arXiv:1610.07629; the shape follows Johnson et al. 2016, arXiv:1603.08155, with
    convolutions after plain enlarging (Odena et al. 2016), which leave no chequerboard.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.training.batches import part_seed
from studio.style.house.settings import TrainStyleSettings

SPEED = 10.0  # gains and shifts learn so many times faster than what all styles share: each is seen seldom
SMALL = 1e-5  # added to a variance


class StyledNorm(keras.layers.Layer):
    """Normalizes each channel of each image, then gives it the gain and shift of a mix of styles.

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
        gain = (1 + self._of(shares, self.gain)) * ops.rsqrt(variance + SMALL)
        shift = self._of(shares, self.shift) - mean * gain
        return maps * gain + shift

    def _of(self, shares: Any, numbers: Any) -> Any:
        return SPEED * ops.matmul(shares, numbers)[:, None, None, :]

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]


class Mirrored(keras.layers.Layer):
    """Continues an image beyond its border by its mirror image, so that no frame shows.

    Args:
        width: of the border, in px.
    """

    def __init__(self, width: int, **options: Any):
        super().__init__(**options)
        self.width = width

    def call(self, maps: Any) -> Any:
        around = (self.width, self.width)
        return ops.pad(maps, ((0, 0), around, around, (0, 0)), mode="reflect")

    def compute_output_shape(self, shape: Any) -> Any:
        batch, height, width, channels = shape
        wider = tuple(None if side is None else side + 2 * self.width for side in (height, width))
        return (batch, *wider, channels)


def network(settings: TrainStyleSettings, styles: int) -> keras.Model:
    """A fresh network.

    Args:
        settings: its width and depth, and the seed of its weights.
        styles: how many it will know.

    Returns:
        From photos `(B, H, W, 3) float32 in [0, 1]`, sides multiples of STRIDE, and shares `(B, styles)` to
        paintings of the same shape.
    """
    photos = keras.Input((None, None, 3), name="photos")
    shares = keras.Input((styles,), name="shares")
    seeds = iter(part_seed(settings.seed, n) for n in range(100))
    width = settings.width

    def conv(maps: Any, channels: int, side: int, name: str, stride: int = 1, scale: float = 1.0) -> Any:
        start = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", next(seeds))
        maps = Mirrored(side // 2, name=f"{name}_border")(maps)
        return keras.layers.Conv2D(channels, side, stride, name=name, kernel_initializer=start)(maps)

    def styled(maps: Any, name: str, active: bool = True, **options: Any) -> Any:
        maps = StyledNorm(styles, name=f"{name}_style", **options)([maps, shares])
        return keras.layers.ReLU(name=f"{name}_relu")(maps) if active else maps

    maps = centerd = keras.layers.Rescaling(2.0, -1.0, name="centerd", dtype="float32")(photos)
    for name, channels, side, stride in (
        ("in1", width, 9, 1),
        ("in2", 2 * width, 3, 2),
        ("in3", 3 * width, 3, 2),
    ):
        maps = styled(conv(maps, channels, side, name, stride), name)
    for n in range(1, settings.blocks + 1):
        inner = styled(conv(maps, 3 * width, 3, f"block{n}a"), f"block{n}a")
        inner = styled(conv(inner, 3 * width, 3, f"block{n}b"), f"block{n}b", active=False)
        maps = keras.layers.Add(name=f"block{n}")([maps, inner])
    for name, channels in (("out1", 2 * width), ("out2", width)):
        maps = keras.layers.UpSampling2D(2, name=f"{name}_larger")(maps)
        maps = styled(conv(maps, channels, 3, name), name)
    # Changes to the photo: it begins as the photo and need not learn first to carry one through its middle.
    # In whole numbers, however the rest computes: half of them would show as steps in a clear sky.
    maps = keras.layers.Add(name="changed", dtype="float32")([conv(maps, 3, 9, "out3", scale=0.01), centerd])
    maps = styled(maps, "out3", active=False, dtype="float32")
    painted = keras.layers.Activation("sigmoid", name="painted", dtype="float32")(maps)
    return keras.Model([photos, shares], painted, name="house")


def widened(known: keras.Model, model: keras.Model) -> list[np.ndarray]:
    """The weights of a network that knows fewer styles, for one that knows more.

    Args:
        known: the one with fewer styles.
        model: of the same shape but for the number of styles; new ones begin as the mean of the others.

    Raises:
        ValueError: if it is of another shape.
    """
    weights = {variable.path: np.asarray(variable) for variable in known.weights}
    found = []
    for variable in model.weights:
        array = weights.get(variable.path, np.empty(0))
        more = (
            variable.shape[0] - len(array) if array.ndim == 2 and array.shape[1:] == variable.shape[1:] else 0
        )
        if more > 0:
            array = np.concatenate([array, np.repeat(array.mean(0, keepdims=True), more, axis=0)])
        if array.shape != tuple(variable.shape):
            raise ValueError(f"{variable.path} has another shape")
        found.append(array)
    return found
