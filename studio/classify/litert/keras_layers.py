"""Keras' layers and operations as operators of a `Graph`, by the names of their classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.core.litert import layers
from studio.core.litert.graph import Graph, Tensor

_ACTIVATIONS = {
    "elu": "ELU",
    "hard_silu": "HARD_SWISH",
    "hard_swish": "HARD_SWISH",
    "relu": "RELU",
    "relu6": "RELU6",
    "sigmoid": "LOGISTIC",
    "tanh": "TANH",
}
_SIX = 6.0  # where ReLU6 ends


class NotCovered(Exception):
    """A network has a layer, or a setting of one, that is not written here."""


def _array(value: Any) -> np.ndarray:
    return np.asarray(value, dtype="float32")


def _constant(graph: Graph, value: Any) -> Tensor:
    return graph.constant(np.ascontiguousarray(_array(value)))


def _activated(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    """What a layer's activation makes of what enters it."""
    name = getattr(layer.activation, "__name__", "linear")  # None has no name, and changes nothing
    if name == "linear":
        return x
    if name == "softmax":
        return layers.softmax(graph, x)
    if name in ("silu", "swish"):
        return layers.product(graph, x, layers.plain(graph, "LOGISTIC", x))
    if name not in _ACTIVATIONS:
        raise NotCovered(name)
    return layers.plain(graph, _ACTIVATIONS[name], x)


def _bias(layer: Any, count: int) -> np.ndarray:
    return _array(layer.bias) if layer.bias is not None else np.zeros(count, "float32")


def _flat_maps(layer: Any) -> None:
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise NotCovered("channels before places")


def _convolved(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    _flat_maps(layer)
    kernel = _array(layer.kernel)
    if layer.groups != 1:
        raise NotCovered("convolutions in groups")
    found = _sliding(graph, "CONV_2D", layer, x, kernel.transpose(3, 0, 1, 2), _bias(layer, kernel.shape[-1]))
    return _activated(graph, layer, found)


def _by_depth(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    _flat_maps(layer)
    kernel = _array(layer.kernel)
    bias = _bias(layer, kernel.shape[2] * kernel.shape[3])
    return _activated(graph, layer, _depthwise(graph, layer, x, kernel, bias))


def _separable(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    _flat_maps(layer)
    deep, point = _array(layer.depthwise_kernel), _array(layer.pointwise_kernel)
    found = _depthwise(graph, layer, x, deep, np.zeros(deep.shape[2] * deep.shape[3], "float32"))
    return _activated(graph, layer, layers.convolution(graph, found, point, _bias(layer, point.shape[-1])))


def _depthwise(graph: Graph, layer: Any, x: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    high, wide, inputs, times = kernel.shape
    weights = kernel.reshape(1, high, wide, inputs * times)
    return _sliding(graph, "DEPTHWISE_CONV_2D", layer, x, weights, bias, depthMultiplier=times)


def _sliding(
    graph: Graph, name: str, layer: Any, x: Tensor, weights: np.ndarray, bias: np.ndarray, **options: Any
) -> Tensor:
    """A convolution whose sizes follow from a layer's own sums."""
    down, right = layer.strides
    widened = dict(zip(("dilationHFactor", "dilationWFactor"), layer.dilation_rate, strict=True))
    same = _is_same(layer)
    high, wide = (one for one in weights.shape[1:3])
    sides = _sides(x, (high, wide), layer.strides, same, layer.dilation_rate)
    return graph.add(
        name,
        [x, _constant(graph, weights), _constant(graph, bias)],
        (x.shape[0], *sides, len(bias)),
        padding=layers.SAME if same else layers.VALID,
        strideH=down,
        strideW=right,
        **widened,
        **options,
    )


def _is_same(layer: Any) -> bool:
    if layer.padding not in ("same", "valid"):
        raise NotCovered(str(layer.padding))
    return bool(layer.padding == "same")


def _sides(
    x: Tensor, window: Sequence[int], strides: Sequence[int], same: bool, dilation: Sequence[int] = (1, 1)
) -> tuple[int, ...]:
    """Height and width of what a window that slides over maps gives."""
    return tuple(
        -(-side // step) if same else (side - (size - 1) * apart - 1) // step + 1
        for side, size, step, apart in zip(x.shape[1:3], window, strides, dilation, strict=True)
    )


def _pooled(name: str) -> Callable[..., Tensor]:
    def write(graph: Graph, layer: Any, x: Tensor) -> Tensor:
        _flat_maps(layer)
        same = _is_same(layer)
        sides = _sides(x, layer.pool_size, layer.strides, same)
        return graph.add(
            name,
            [x],
            (x.shape[0], *sides, x.shape[3]),
            padding=layers.SAME if same else layers.VALID,
            filterHeight=layer.pool_size[0],
            filterWidth=layer.pool_size[1],
            strideH=layer.strides[0],
            strideW=layer.strides[1],
        )

    return write


def _over_places(name: str) -> Callable[..., Tensor]:
    def write(graph: Graph, layer: Any, x: Tensor) -> Tensor:
        _flat_maps(layer)
        axes = graph.constant(np.array([1, 2], "int32"))
        shape = (x.shape[0], 1, 1, x.shape[3]) if layer.keepdims else (x.shape[0], x.shape[3])
        return graph.add(name, [x, axes], shape, keepDims=bool(layer.keepdims))

    return write


def _weighed(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    if getattr(layer, "_lora_enabled", False) or layer.quantization_mode:
        raise NotCovered("weights in two parts")
    kernel = _array(layer.kernel)
    rows = layers.reshaped(graph, x, (int(np.prod(x.shape[:-1])), x.shape[-1])) if len(x.shape) != 2 else x
    found = layers.dense(graph, rows, kernel, _bias(layer, kernel.shape[-1]))
    if len(x.shape) != 2:
        found = layers.reshaped(graph, found, (*x.shape[:-1], kernel.shape[-1]))
    return _activated(graph, layer, found)


def _normalised(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
    if axis not in (-1, len(x.shape) - 1):
        raise NotCovered("channels before places")
    scale = 1 / np.sqrt(_array(layer.moving_variance) + layer.epsilon)
    scale = scale * _array(layer.gamma) if layer.scale else scale
    offset = -_array(layer.moving_mean) * scale
    offset = offset + _array(layer.beta) if layer.center else offset
    return _moved(graph, x, scale, offset)


def _rescaled(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    return _moved(graph, x, layer.scale, layer.offset)


def _centred(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    if layer.invert:
        raise NotCovered("a normalisation turned round")
    spread = np.maximum(np.sqrt(_array(layer.variance)), 1e-7)
    return _moved(graph, x, 1 / spread, -_array(layer.mean) / spread)


def _moved(graph: Graph, x: Tensor, scale: Any, offset: Any) -> Tensor:
    scaled = layers.product(graph, x, _constant(graph, _row(scale)))
    return layers.sum_of(graph, scaled, _constant(graph, _row(offset)))


def _row(value: Any) -> np.ndarray:
    """Of as many numbers as there are channels, or of one."""
    array = _array(value)
    if array.size not in (1, array.shape[-1] if array.ndim else 1):
        raise NotCovered("a scale for each place")
    return array.reshape(-1)


def _rectified(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    ends, slope = layer.max_value, float(layer.negative_slope or 0)
    if layer.threshold or ends not in (None, _SIX) or (slope and ends is not None):
        raise NotCovered("a ReLU of its own kind")
    if slope:
        return layers.leaky(graph, x, slope)
    return layers.plain(graph, "RELU6" if ends else "RELU", x)


def _leaked(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    return layers.leaky(graph, x, float(layer.negative_slope))


def _shares(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    if getattr(layer, "axis", -1) not in (-1, len(x.shape) - 1):
        raise NotCovered("shares along another axis")
    return layers.softmax(graph, x)


def _bordered(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    _flat_maps(layer)
    (top, bottom), (left, right) = layer.padding
    widths = graph.constant(np.array([[0, 0], [top, bottom], [left, right], [0, 0]], "int32"))
    count, high, wide, channels = x.shape
    return graph.add("PAD", [x, widths], (count, high + top + bottom, wide + left + right, channels))


def _cropped(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    _flat_maps(layer)
    (top, bottom), (left, right) = layer.cropping
    found = layers.part(graph, x, 1, top, x.shape[1] - top - bottom)
    return layers.part(graph, found, 2, left, x.shape[2] - left - right)


def _in_a_row(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    return layers.reshaped(graph, x, (x.shape[0], int(np.prod(x.shape[1:]))))


def _reshaped(graph: Graph, layer: Any, x: Tensor) -> Tensor:
    wanted = [int(side) for side in layer.target_shape]
    if -1 in wanted:
        known = int(np.prod([side for side in wanted if side != -1]))
        wanted[wanted.index(-1)] = int(np.prod(x.shape[1:])) // known
    return layers.reshaped(graph, x, (x.shape[0], *wanted))


def _joined(way: Callable[[Graph, Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def write(graph: Graph, step: Any, *parts: Any) -> Tensor:
        """Of a layer, which is given a list, or of an operation, which is given two, one of them a number."""
        taken = parts[0] if len(parts) == 1 else parts
        found, *others = (one if isinstance(one, Tensor) else _constant(graph, _row(one)) for one in taken)
        for one in others:
            found = way(graph, found, one)
        return found

    return write


def _beside(graph: Graph, layer: Any, parts: Sequence[Tensor]) -> Tensor:
    if not all(isinstance(one, Tensor) for one in parts):
        raise NotCovered("what is no tensor")
    axis = layer.axis % len(parts[0].shape)
    return layers.beside(graph, list(parts), axis)


def _operation(name: str) -> Callable[..., Tensor]:
    return lambda graph, step, x: layers.plain(graph, name, x)


# What writes each, given the graph, the layer, and what the layer is called with.
WRITERS: dict[str, Callable[..., Tensor]] = {
    "Activation": _activated,
    "Add": _joined(layers.sum_of),
    "AveragePooling2D": _pooled("AVERAGE_POOL_2D"),
    "BatchNormalization": _normalised,
    "Concatenate": _beside,
    "Conv2D": _convolved,
    "Cropping2D": _cropped,
    "Dense": _weighed,
    "DepthwiseConv2D": _by_depth,
    "Flatten": _in_a_row,
    "GlobalAveragePooling2D": _over_places("MEAN"),
    "GlobalMaxPooling2D": _over_places("REDUCE_MAX"),
    "LeakyReLU": _leaked,
    "MaxPooling2D": _pooled("MAX_POOL_2D"),
    "Multiply": _joined(layers.product),
    "Normalization": _centred,
    "ReLU": _rectified,
    "Rescaling": _rescaled,
    "Reshape": _reshaped,
    "SeparableConv2D": _separable,
    "Sigmoid": _operation("LOGISTIC"),
    "Softmax": _shares,
    "Subtract": _joined(layers.difference),
    "ZeroPadding2D": _bordered,
}
