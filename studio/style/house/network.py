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

from studio.core.training.loop import numbered
from studio.style.house.settings import TrainStyleSettings

STRIDE = 4  # px of the photo that one place of the coarsest layer stands for
LEAST_SIDE = 32  # px: reflected borders need at least as many pixels as they are wide, on every layer
_SMALL = 1e-5
_PACE = 10.0  # gains and shifts learn so many times faster than what all styles share: each is seen seldom


class StyledNorm(keras.layers.Layer):
    """Normalises each channel of each picture, then gives it the gain and shift of a mix of styles.

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
        gain = (1 + self._of(shares, self.gain)) * ops.rsqrt(variance + _SMALL)
        shift = self._of(shares, self.shift) - mean * gain
        return maps * gain + shift

    def _of(self, shares: Any, numbers: Any) -> Any:
        return _PACE * ops.matmul(shares, numbers)[:, None, None, :]

    def compute_output_shape(self, shapes: Any) -> Any:
        return shapes[0]


class Mirrored(keras.layers.Layer):
    """Continues a picture beyond its border by its mirror image, so that no frame shows.

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


class Enlarging(keras.layers.Layer):
    """Doubles both sides and mixes neighbours, as a convolution of 3 px does with maps that were enlarged.

    The enlarged maps, the largest of all, are never there: each of the four pixels that come of one sees two
    by two of the small maps, by sums of the kernel. So it takes less than half of the products, too. Borders
    are continued by their mirror image, as by `Mirrored`.

    Args:
        channels: that it gives.
    """

    def __init__(self, channels: int, **options: Any):
        super().__init__(**options)
        self.channels = channels

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.channels), name="kernel")
        self.bias = self.add_weight(shape=(self.channels,), initializer="zeros", name="bias")

    def call(self, maps: Any) -> Any:
        count, height, width, _ = ops.shape(maps)
        around = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
        kernel = ops.convert_to_tensor(self.kernel)
        rows = []
        for down, lines in enumerate(_seen(kernel, 0)):
            pair = []
            for right, taps in enumerate(_seen(lines, 1)):
                # One row and column too many, cut off after: its result is half as large as what it sees, and
                # where all four are computed at once, so are their copies.
                seen = ops.conv(around, taps, padding="valid") + self.bias
                pair.append(seen[:, down : down + height, right : right + width])
            rows.append(ops.reshape(ops.stack(pair, axis=3), (count, height, 2 * width, self.channels)))
        return ops.reshape(ops.stack(rows, axis=2), (count, 2 * height, 2 * width, self.channels))

    def compute_output_shape(self, shape: Any) -> Any:
        batch, height, width, _ = shape
        return (batch, *(None if side is None else 2 * side for side in (height, width)), self.channels)


def _seen(kernel: Any, axis: int) -> tuple[Any, Any]:
    """What both pixels that come of one see of the small maps along an axis: two taps each, of three."""
    before, middle, after = ops.split(kernel, 3, axis=axis)
    return ops.concatenate([before, middle + after], axis), ops.concatenate([before + middle, after], axis)


def lean(model: keras.Model, settings: TrainStyleSettings, styles: int) -> keras.Model:
    """The same network, to paint with: it takes less memory and fewer products, and is never saved."""
    found = network(settings, styles, lean=True)
    weights = {variable.path: variable for variable in model.weights}
    for variable in found.weights:
        variable.assign(weights[variable.path])
    return found


def network(settings: TrainStyleSettings, styles: int, lean: bool = False) -> keras.Model:
    """A fresh network.

    Args:
        settings: its width and depth, and the seed of its weights.
        styles: how many it will know.
        lean: whether it enlarges by `Enlarging`.

    Returns:
        From photos `(B, H, W, 3) float32 in [0, 1]`, sides multiples of STRIDE, and shares `(B, styles)` to
        paintings of the same shape.
    """
    photos = keras.Input((None, None, 3), name="photos")
    shares = keras.Input((styles,), name="shares")
    seeds = iter(numbered(settings.seed, n) for n in range(100))
    width = settings.width

    def conv(maps: Any, channels: int, side: int, name: str, stride: int = 1, scale: float = 1.0) -> Any:
        start = keras.initializers.VarianceScaling(scale, "fan_avg", "uniform", next(seeds))
        maps = Mirrored(side // 2, name=f"{name}_border")(maps)
        return keras.layers.Conv2D(channels, side, stride, name=name, kernel_initializer=start)(maps)

    def styled(maps: Any, name: str, active: bool = True, **options: Any) -> Any:
        maps = StyledNorm(styles, name=f"{name}_style", **options)([maps, shares])
        return keras.layers.ReLU(name=f"{name}_relu")(maps) if active else maps

    maps = centred = keras.layers.Rescaling(2.0, -1.0, name="centred", dtype="float32")(photos)
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
        if lean:
            maps = styled(Enlarging(channels, name=name)(maps), name)
        else:
            maps = keras.layers.UpSampling2D(2, name=f"{name}_larger")(maps)
            maps = styled(conv(maps, channels, 3, name), name)
    # Changes to the photo: it begins as the photo and need not learn first to carry one through its middle.
    # In whole numbers, however the rest computes: half of them would show as steps in a clear sky.
    maps = keras.layers.Add(name="changed", dtype="float32")([conv(maps, 3, 9, "out3", scale=0.01), centred])
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
