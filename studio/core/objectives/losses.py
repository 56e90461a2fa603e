"""How the terms of objectives are computed: functions of modules, so that equal kinds share one graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from studio.core.objectives.gradients import by_hand


class Kind(NamedTuple):
    """How a term is computed. Its functions live in modules, so that equal kinds share one compiled graph.

    Attributes:
        gather: `(activations (1, h, w, C), targets) -> a sum over the places`, of any shape.
        finish: `(sum, number of places, number of channels, targets) -> scalar`.
        maps: how many of the targets, from the first, are maps over the places, cut into tiles with them.
    """

    gather: Callable[[Any, tuple], Any]
    finish: Callable[[Any, Any, int, tuple], Any]
    maps: int = 0


def value(kind: Kind, features: Any, targets: tuple) -> Any:
    """A term's scalar at `(1, h, w, C)` activations."""
    return kind.finish(kind.gather(features, targets), place_count(features), features.shape[-1], targets)


def place_count(features: Any) -> Any:
    """How many places a layer has: h * w, as a float32 scalar."""
    from keras import ops

    shape = ops.shape(features)
    return ops.cast(shape[1] * shape[2], "float32")


def _steps(pixels, targets):
    from keras import ops

    down = ops.sum(ops.square(pixels[:, 1:] - pixels[:, :-1]))
    right = ops.sum(ops.square(pixels[:, :, 1:] - pixels[:, :, :-1]))
    return down + right


def _mean(total, places, channels, targets):
    return total / (places * channels)


def _squared_differences(features, targets):
    from keras import ops

    return ops.sum(ops.square(features - targets[0]))


def _relative(total, places, channels, targets):
    return total / (places * channels * targets[1])


def products(features, targets):
    """The products of every two channels, summed over the places: `(1, h, w, C)` -> `(C, C)`."""
    from keras import ops

    def gram(flat):
        # The backends' own gradient multiplies twice and transposes every place: three times the cost.
        value = ops.matmul(ops.transpose(flat), flat)
        return value, lambda slope: ops.matmul(flat, slope + ops.transpose(slope))

    return by_hand(gram)(ops.reshape(features, (-1, features.shape[-1])))


def _masked_products(features, targets):
    from keras import ops

    return products(features * ops.sqrt(targets[0]), ())


def _gram_distance(products, places, channels, targets):
    from keras import ops

    gram = ops.cast(products, "float32") / (places * channels)
    return ops.sum(ops.square(gram - targets[-2])) / targets[-1]


def _masked_gram_distance(products, places, channels, targets):
    return _gram_distance(products, places * targets[3], channels, targets[:3])


def _squares(features, targets):
    from keras import ops

    return ops.sum(ops.square(features))


def _sum(features, targets):
    from keras import ops

    return ops.sum(features)


def _one_channel(features, targets):
    from keras import ops

    return ops.sum(ops.take(features, ops.cast(targets[0], "int32"), axis=-1))


def _one_place(features, targets):
    from keras import ops

    _, height, width, _ = ops.shape(features)
    row, column = (
        ops.minimum(ops.cast(share * ops.cast(length, "float32"), "int32"), length - 1)
        for share, length in zip(targets[1:], (height, width), strict=True)
    )
    return ops.take(
        ops.reshape(features, (-1, features.shape[-1]))[row * width + column], ops.cast(targets[0], "int32")
    )


def _colors(pixels, targets):
    from keras import ops

    return ops.sum(pixels, axis=(0, 1, 2))


def _best_matches(features, targets):
    """For every place, its product with the one place of the guide that it matches best."""
    from keras import ops

    channels = features.shape[-1]
    guide = ops.reshape(targets[0], (-1, channels))
    matches = ops.matmul(ops.reshape(features, (-1, channels)), ops.transpose(guide))
    return ops.sum(ops.max(matches, axis=1))


def _over_places(total, places, channels, targets):
    return total / places


def _itself(total, places, channels, targets):
    return total


def _color_distance(total, places, channels, targets):
    from keras import ops

    return ops.mean(ops.square(total / places - targets[0]))


CONTENT = Kind(_squared_differences, _relative, maps=1)
STYLE = Kind(products, _gram_distance)
MASKED_STYLE = Kind(_masked_products, _masked_gram_distance, maps=1)
VARIATION = Kind(_steps, _mean)
LAYER = Kind(_squares, _mean)
MEAN = Kind(_sum, _mean)
CHANNEL = Kind(_one_channel, _over_places)
NEURON = Kind(_one_place, _itself)
GUIDE = Kind(_best_matches, _over_places)
COLOR = Kind(_colors, _color_distance)
