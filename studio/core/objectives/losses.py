"""Functions that compute the terms of objectives.

They are module-level, so that equal kinds share a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from studio.core.objectives.gradients import with_gradient


class TermKind(NamedTuple):
    """How a term is computed. Its functions are module-level, so that equal kinds share one compiled graph.

    Attributes:
        gather: `(activations (1, h, w, C), targets) -> sum over the positions`, of any shape.
        finish: `(sum, number of positions, number of channels, targets) -> scalar`.
        map_count: number of leading targets that are maps over the positions; tiles crop them.
    """

    gather: Callable[[Any, tuple], Any]
    finish: Callable[[Any, Any, int, tuple], Any]
    map_count: int = 0


def evaluate_term(kind: TermKind, features: Any, targets: tuple) -> Any:
    """Evaluates a term, a scalar, at `(1, h, w, C)` activations."""
    return kind.finish(kind.gather(features, targets), count_positions(features), features.shape[-1], targets)


def count_positions(features: Any) -> Any:
    """Counts the positions of a layer, h * w, as a float32 scalar."""
    from keras import ops

    shape = ops.shape(features)
    return ops.cast(shape[1] * shape[2], "float32")


def _sum_squared_steps(pixels, targets):
    from keras import ops

    down = ops.sum(ops.square(pixels[:, 1:] - pixels[:, :-1]))
    right = ops.sum(ops.square(pixels[:, :, 1:] - pixels[:, :, :-1]))
    return down + right


def _divide_by_size(total, positions, channels, targets):
    return total / (positions * channels)


def _sum_squared_differences(features, targets):
    from keras import ops

    return ops.sum(ops.square(features - targets[0]))


def _divide_by_target_norm(total, positions, channels, targets):
    return total / (positions * channels * targets[1])


def sum_products(features, targets):
    """Sums the products of all pairs of channels over positions: `(1, h, w, C)` -> `(C, C)`."""
    from keras import ops

    def compute_gram(flat):
        # The backends' own gradient multiplies twice and transposes the large array: three times the cost.
        gram_matrix = ops.matmul(ops.transpose(flat), flat)
        return gram_matrix, lambda slope: ops.matmul(flat, slope + ops.transpose(slope))

    return with_gradient(compute_gram)(ops.reshape(features, (-1, features.shape[-1])))


def _sum_masked_products(features, targets):
    from keras import ops

    return sum_products(features * ops.sqrt(targets[0]), ())


def _compute_gram_distance(products, positions, channels, targets):
    from keras import ops

    gram = ops.cast(products, "float32") / (positions * channels)
    return ops.sum(ops.square(gram - targets[-2])) / targets[-1]


def _compute_masked_gram_distance(products, positions, channels, targets):
    return _compute_gram_distance(products, positions * targets[3], channels, targets[:3])


def _sum_squares(features, targets):
    from keras import ops

    return ops.sum(ops.square(features))


def _sum_activations(features, targets):
    from keras import ops

    return ops.sum(features)


def _sum_channel(features, targets):
    from keras import ops

    return ops.sum(ops.take(features, ops.cast(targets[0], "int32"), axis=-1))


def _select_position(features, targets):
    from keras import ops

    _, height, width, _ = ops.shape(features)
    row, column = (
        ops.minimum(ops.cast(share * ops.cast(length, "float32"), "int32"), length - 1)
        for share, length in zip(targets[1:], (height, width), strict=True)
    )
    return ops.take(
        ops.reshape(features, (-1, features.shape[-1]))[row * width + column], ops.cast(targets[0], "int32")
    )


def _sum_colors(pixels, targets):
    from keras import ops

    return ops.sum(pixels, axis=(0, 1, 2))


def _sum_best_matches(features, targets):
    """Sums, over positions, the dot product with the best-matching position of the guide."""
    from keras import ops

    channels = features.shape[-1]
    guide = ops.reshape(targets[0], (-1, channels))
    matches = ops.matmul(ops.reshape(features, (-1, channels)), ops.transpose(guide))
    return ops.sum(ops.max(matches, axis=1))


def _divide_by_positions(total, positions, channels, targets):
    return total / positions


def _keep_sum(total, positions, channels, targets):
    return total


def _compute_color_distance(total, positions, channels, targets):
    from keras import ops

    return ops.mean(ops.square(total / positions - targets[0]))


CONTENT = TermKind(_sum_squared_differences, _divide_by_target_norm, map_count=1)
STYLE = TermKind(sum_products, _compute_gram_distance)
MASKED_STYLE = TermKind(_sum_masked_products, _compute_masked_gram_distance, map_count=1)
VARIATION = TermKind(_sum_squared_steps, _divide_by_size)
LAYER = TermKind(_sum_squares, _divide_by_size)
MEAN = TermKind(_sum_activations, _divide_by_size)
CHANNEL = TermKind(_sum_channel, _divide_by_positions)
NEURON = TermKind(_select_position, _keep_sum)
GUIDE = TermKind(_sum_best_matches, _divide_by_positions)
COLOR = TermKind(_sum_colors, _compute_color_distance)
