"""Finds how a network takes an image and what it returns, by running it in the sandbox."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.untrusted.refusals import Refused
from studio.imported import building, preprocessing

if TYPE_CHECKING:
    import keras

_MIN_SIDE = 8  # px, of images with a flat input
DEFAULT_SIDE = 224  # px, for networks that take images of any size


def describe(network: keras.Model, side: int | None, stored: str = "") -> dict[str, Any] | None:
    """Returns the fields of `facts.ImageInput`; None unless the network takes one image and returns a vector.

    Args:
        network: with its weights.
        side: image side in px to which it resizes images itself; None if unknown.
        stored: preprocessing stored in its file; "" without.

    Raises:
        Refused: if its outputs are not finite.
    """
    if not len(network.inputs) == len(network.outputs) == 1:
        return None
    input_tensor, output = network.inputs[0], network.outputs[0]
    shape = input_tensor.shape
    is_gray, flat = len(shape) == 3, square_of_row(shape)
    if not flat and (len(shape) not in (3, 4) or (not is_gray and shape[3] not in (1, 3))):
        return None
    if not str(input_tensor.dtype).startswith(("uint8", "float")) or not _is_row(output.shape):
        return None
    height, width = (size or side or DEFAULT_SIDE for size in (flat or shape[1:])[:2])
    if is_gray and None in shape[1:]:
        return None
    choice = preprocessing.choose(network, stored)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    outputs = _predict(network, np.stack([noise, 0 * noise, noise // 8 + 100]), choice.preprocessing)
    if not np.isfinite(outputs).all():
        raise Refused("a network whose outputs are not finite")
    return {
        "height": height,
        "width": width,
        "output_kind": _find_output_kind(network, outputs),
        **choice._asdict(),
        "flat": flat is not None,
    }


def square_of_row(shape: tuple[int | None, ...]) -> tuple[int, int, int] | None:
    """Returns `(height, width, channels)` of the square image whose pixels a flat vector may be; else None.

    Args:
        shape: of the network's input, such as `(None, 784)`.
    """
    if len(shape) != 2 or shape[1] is None:
        return None
    for channels in (1, 3):
        side = math.isqrt(shape[1] // channels)
        if side >= _MIN_SIDE and channels * side**2 == shape[1]:
            return side, side, channels
    return None


def _is_row(shape: tuple[int | None, ...]) -> bool:
    """Tells whether an output shape is one vector for each image."""
    return len(shape) >= 2 and shape[-1] is not None and all(size == 1 for size in shape[1:-1])


def count_channels(shape: tuple[int | None, ...]) -> int:
    """Returns 3 if a network with this input shape takes color, else 1."""
    shape = square_of_row(shape) or shape[1:]
    return 3 if len(shape) == 3 and shape[-1] == 3 else 1


def _predict(network: keras.Model, images: np.ndarray, input_range: str) -> np.ndarray:
    """Runs the network: `(n, H, W, 3)` from 0 to 255 -> `(n, k) float64`."""
    input_tensor = network.inputs[0]
    kernel, bias = preprocessing.to_linear_map(input_range, count_channels(input_tensor.shape))
    values = images.astype("float32") @ kernel + bias
    if len(input_tensor.shape) < 4:
        values = values.reshape(-1, *input_tensor.shape[1:])
    outputs = np.asarray(network(values.astype(input_tensor.dtype), training=False), "float64")
    return outputs.reshape(len(outputs), -1)


def _find_output_kind(network: keras.Model, outputs: np.ndarray) -> str:
    """Returns `facts.ImageInput.output_kind` for outputs `(n, k)` for some images."""
    is_in_range = bool((outputs >= 0).all() and (outputs <= 1 + 1e-6).all())
    activation = _find_last_activation(network)
    if outputs.shape[1] == 1:
        return "share" if is_in_range and activation != "linear" else "logit"
    if is_in_range and np.abs(outputs.sum(axis=1) - 1).max() < 1e-2 and activation != "sigmoid":
        return "probabilities"
    return "shares" if is_in_range and activation in ("sigmoid", "hard_sigmoid") else "logits"


def _find_last_activation(network: keras.Model) -> str:
    """Returns the name of the last activation; "" if there is none after the last weights."""
    for layer in reversed(list(building.iterate_layers(network))):
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return str(getattr(activation, "__name__", "") or getattr(activation, "name", ""))
        if getattr(layer, "weights", None):
            return ""
    return ""
