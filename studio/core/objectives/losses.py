"""Functions that compute the terms of objectives.

Each maps the activations of a layer, `(1, h, w, C)`, and the targets of a term to a scalar. They are
module-level, so that equal terms share a compiled graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.core.objectives.gradients import with_gradient

Loss = Callable[[Any, tuple], Any]


def compute_style_loss(features, targets):
    """Returns the squared distance of the Gram matrix from `targets[0]`, divided by `targets[1]`."""
    from keras import ops

    products = sum_products(features)
    gram = ops.cast(products, "float32") / (_count_positions(features) * features.shape[-1])
    return ops.sum(ops.square(gram - targets[0])) / targets[1]


def sum_products(features):
    """Sums the products of all pairs of channels over positions: `(1, h, w, C)` -> `(C, C)`."""
    from keras import ops

    def compute_gram(flat):
        # The backends' own gradient multiplies twice and transposes the large array: three times the cost.
        gram_matrix = ops.matmul(ops.transpose(flat), flat)
        return gram_matrix, lambda slope: ops.matmul(flat, slope + ops.transpose(slope))

    return with_gradient(compute_gram)(ops.reshape(features, (-1, features.shape[-1])))


def compute_content_loss(features, targets):
    """Returns the mean squared difference from `targets[0]`, divided by `targets[1]`."""
    from keras import ops

    total = ops.sum(ops.square(features - targets[0]))
    return total / (_count_positions(features) * features.shape[-1] * targets[1])


def compute_variation(pixels, targets):
    """Returns the mean squared difference of neighboring pixels."""
    from keras import ops

    down = ops.sum(ops.square(pixels[:, 1:] - pixels[:, :-1]))
    right = ops.sum(ops.square(pixels[:, :, 1:] - pixels[:, :, :-1]))
    return (down + right) / (_count_positions(pixels) * pixels.shape[-1])


def compute_mean_square(features, targets):
    """Returns the mean square of all activations."""
    from keras import ops

    return ops.sum(ops.square(features)) / (_count_positions(features) * features.shape[-1])


def compute_channel_mean(features, targets):
    """Returns the mean of the channel `targets[0]`."""
    from keras import ops

    total = ops.sum(ops.take(features, ops.cast(targets[0], "int32"), axis=-1))
    return total / _count_positions(features)


def compute_best_matches(features, targets):
    """Returns the mean dot product of each position with its best match among those of `targets[0]`."""
    from keras import ops

    channels = features.shape[-1]
    guide = ops.reshape(targets[0], (-1, channels))
    matches = ops.matmul(ops.reshape(features, (-1, channels)), ops.transpose(guide))
    return ops.sum(ops.max(matches, axis=1)) / _count_positions(features)


def compute_color_distance(pixels, targets):
    """Returns the mean squared difference of the mean color from `targets[0]`."""
    from keras import ops

    mean_color = ops.sum(pixels, axis=(0, 1, 2)) / _count_positions(pixels)
    return ops.mean(ops.square(mean_color - targets[0]))


def _count_positions(features: Any) -> Any:
    """Counts the positions of a layer, h * w, as a float32 scalar."""
    from keras import ops

    shape = ops.shape(features)
    return ops.cast(shape[1] * shape[2], "float32")
