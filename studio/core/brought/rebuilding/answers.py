"""How a network takes one picture and answers: tried in the sandbox, where that may fail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.brought.rebuilding import building, levels, logits
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

_LEAST_SIDE = 8  # px, of pictures that come as a row of numbers
USUAL_SIDE = 224  # px, for networks that take pictures of any size
_BRIGHT = np.array([0.299, 0.587, 0.114], "float32")
PROBABILITIES, LOGITS, SHARES, ONE_SHARE, ONE_LOGIT = "probabilities", "logits", "shares", "share", "logit"


def sees(network: keras.Model, side: int | None, told: str = "") -> dict[str, Any] | None:
    """How it takes one picture and gives one row, if it does; see `models.Sees`.

    Args:
        network: it.
        side: the side in px that it brings pictures to by itself, where it says so.
        told: the levels that its file says it takes, if it does.
    """
    if not len(network.inputs) == len(network.outputs) == 1:
        return None
    taken, given = network.inputs[0], network.outputs[0]
    grey, flat = len(taken.shape) == 3, rolled(taken.shape)
    if not flat and (len(taken.shape) not in (3, 4) or (not grey and taken.shape[3] not in (1, 3))):
        return None
    kind = str(taken.dtype)
    if not kind.startswith(("uint8", "float")) or not _is_row(given.shape):
        return None
    height, width = (size or side or USUAL_SIDE for size in (flat or taken.shape[1:])[:2])
    if grey and None in taken.shape[1:]:
        return None
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    rows = ask(network, np.stack([noise, 0 * noise, noise // 8 + 100]))
    if not np.isfinite(rows).all():
        raise Refused("a network whose answers are not finite")
    way = _way(network, rows)

    def unshared(pictures: np.ndarray) -> np.ndarray:
        if way in (LOGITS, ONE_LOGIT):
            return ask(network, pictures)
        return logits.asked(network, lambda: ask(network, pictures))

    found = levels.found(
        network,
        _teachable(network),
        height,
        width,
        unshared,
        lambda spoken: _shared(spoken, way),
        told,
        grey or (flat or taken.shape[1:])[-1] == 1,
    )
    return {
        "height": height,
        "width": width,
        "answers": way,
        "levels": found.levels,
        "why": found.why,
        "certain": found.certain,
        "flat": flat is not None,
    }


def rolled(shape: tuple[int | None, ...]) -> tuple[int, int, int] | None:
    """`(height, width, channels)` of the square picture whose pixels a row of numbers may be; else None.

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


def _teachable(network: keras.Model) -> bool:
    """Whether Teachable Machine made it: all of its networks have one structure."""
    names = {layer.name for layer in building.all_layers(network)}
    dense = [layer for layer in building.all_layers(network) if type(layer).__name__ == "Dense"]
    own = len(dense) == 2 and dense[0].units == 100 and not dense[1].use_bias
    backbone = {"Conv1", "bn_Conv1", "block_16_project"} <= names
    return backbone and own and tuple(network.inputs[0].shape[1:]) == (224, 224, 3)


def ask(network: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """`(n, H, W, 3)`, levels from 0 to 255 -> `(n, k) float64`, as the network answers."""
    taken = network.inputs[0]
    given = pictures.astype("float32")
    if len(taken.shape) == 3 or (rolled(taken.shape) or taken.shape)[-1] == 1:
        given = (given @ _BRIGHT)[..., None]
    if len(taken.shape) < 4:
        given = given.reshape(-1, *taken.shape[1:])
    given = given.astype(taken.dtype)
    parts = [network(given[n : n + 8], training=False) for n in range(0, len(given), 8)]
    return np.concatenate([np.asarray(one, "float64").reshape(len(one), -1) for one in parts])


def shares(rows: np.ndarray, way: str) -> np.ndarray:
    """A network's answers -> the shares that they stand for, in [0, 1]."""
    if way in (LOGITS, ONE_LOGIT):
        if rows.shape[1] == 1:
            return 1 / (1 + np.exp(-np.clip(rows, -500, 500)))
        raised = np.exp(rows - rows.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    return rows


def _shared(spoken: np.ndarray, way: str) -> np.ndarray:
    """Logits -> the shares that they stand for, in [0, 1]."""
    if way == SHARES:
        return 1 / (1 + np.exp(-np.clip(spoken, -500, 500)))
    return shares(spoken, LOGITS)


def _way(network: keras.Model, rows: np.ndarray) -> str:
    inside = bool((rows >= 0).all() and (rows <= 1 + 1e-6).all())
    if rows.shape[1] == 1:
        return ONE_SHARE if inside and _last(network) != "linear" else ONE_LOGIT
    if inside and np.abs(rows.sum(axis=1) - 1).max() < 1e-2 and _last(network) != "sigmoid":
        return PROBABILITIES
    return SHARES if inside and _last(network) in ("sigmoid", "hard_sigmoid") else LOGITS


def _last(network: keras.Model) -> str:
    """The name of the last activation, looked for from the end on; "" if it is not known."""
    for layer in reversed(list(building.all_layers(network))):
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return str(getattr(activation, "__name__", "") or getattr(activation, "name", ""))
        if getattr(layer, "weights", None):
            return ""
    return ""
