"""How a network takes one image and answers: tried in the sandbox, where that may fail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.untrusted.refusals import Refused
from studio.imported import building, preprocessing

if TYPE_CHECKING:
    import keras

_LEAST_SIDE = 8  # px, of images that come as a row of numbers
USUAL_SIDE = 224  # px, for networks that take images of any size


def describe(network: keras.Model, side: int | None, stored: str = "") -> dict[str, Any] | None:
    """How it takes one image and gives one row, if it does; see `facts.ImageInput`.

    Args:
        network: with its weights.
        side: the side in px to which it resizes images itself, where its file says so.
        stored: the preprocessing that its file holds; "" for none.

    Raises:
        Refused: if its answers are not finite.
    """
    if not len(network.inputs) == len(network.outputs) == 1:
        return None
    taken, answer = network.inputs[0], network.outputs[0]
    gray, flat = len(taken.shape) == 3, square_of_row(taken.shape)
    if not flat and (len(taken.shape) not in (3, 4) or (not gray and taken.shape[3] not in (1, 3))):
        return None
    if not str(taken.dtype).startswith(("uint8", "float")) or not _is_row(answer.shape):
        return None
    height, width = (size or side or USUAL_SIDE for size in (flat or taken.shape[1:])[:2])
    if gray and None in taken.shape[1:]:
        return None
    choice = preprocessing.choose(network, stored)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    rows = _ask(network, np.stack([noise, 0 * noise, noise // 8 + 100]), choice.preprocessing)
    if not np.isfinite(rows).all():
        raise Refused("a network whose outputs are not finite")
    return {
        "height": height,
        "width": width,
        "answers": _kind_of_answers(network, rows),
        **choice._asdict(),
        "flat": flat is not None,
    }


def square_of_row(shape: tuple[int | None, ...]) -> tuple[int, int, int] | None:
    """`(height, width, channels)` of the square image whose pixels a row of numbers may be; else None.

    Args:
        shape: of what a network takes: `(None, 784)`, say.
    """
    if len(shape) != 2 or shape[1] is None:
        return None
    for channels in (1, 3):
        side = math.isqrt(shape[1] // channels)
        if side >= _LEAST_SIDE and channels * side**2 == shape[1]:
            return side, side, channels
    return None


def _is_row(shape: tuple[int | None, ...]) -> bool:
    return len(shape) >= 2 and shape[-1] is not None and all(size == 1 for size in shape[1:-1])


def channels(shape: tuple[int | None, ...]) -> int:
    """3 if a network that takes this shape sees colors, else 1."""
    shape = square_of_row(shape) or shape[1:]
    return 3 if len(shape) == 3 and shape[-1] == 3 else 1


def _ask(network: keras.Model, images: np.ndarray, chosen: str) -> np.ndarray:
    """`(n, H, W, 3)` from 0 to 255 -> `(n, k) float64`, as the network answers."""
    taken = network.inputs[0]
    kernel, bias = preprocessing.mix(chosen, channels(taken.shape))
    values = images.astype("float32") @ kernel + bias
    if len(taken.shape) < 4:
        values = values.reshape(-1, *taken.shape[1:])
    answers = np.asarray(network(values.astype(taken.dtype), training=False), "float64")
    return answers.reshape(len(answers), -1)


def _kind_of_answers(network: keras.Model, rows: np.ndarray) -> str:
    inside = bool((rows >= 0).all() and (rows <= 1 + 1e-6).all())
    last = _last_activation(network)
    if rows.shape[1] == 1:
        return "share" if inside and last != "linear" else "logit"
    if inside and np.abs(rows.sum(axis=1) - 1).max() < 1e-2 and last != "sigmoid":
        return "probabilities"
    return "shares" if inside and last in ("sigmoid", "hard_sigmoid") else "logits"


def _last_activation(network: keras.Model) -> str:
    """The name of the last activation, searched from the end on; "" if it is not known."""
    for layer in reversed(list(building.all_layers(network))):
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return str(getattr(activation, "__name__", "") or getattr(activation, "name", ""))
        if getattr(layer, "weights", None):
            return ""
    return ""
