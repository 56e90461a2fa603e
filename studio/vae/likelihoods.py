"""How a miss counts, in nats: what images lose that are drawn again, by pixels or by features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import ops

LEAST_MISS = 1e-8  # a mean square below this is rounding


def _log(mean: Any) -> Any:
    return ops.log(ops.maximum(mean, LEAST_MISS))


def normal(images: Any, logits: Any) -> Any:
    """Nats per image if pixels miss by a normal distribution of the best deviation, one for all.

    Reference:
        Rybkin et al. 2021, arXiv:2006.13202.
    """
    missed = ops.mean(ops.square(images - ops.sigmoid(logits)))
    return 0.5 * math.prod(images.shape[1:]) * (_log(missed) + 1 + math.log(2 * math.pi))


def laplace(images: Any, logits: Any) -> Any:
    """As `normal`, of a Laplace distribution, which forgives single pixels that miss by far."""
    missed = ops.mean(ops.abs(images - ops.sigmoid(logits)))
    return math.prod(images.shape[1:]) * (_log(missed) + 1 + math.log(2))


def bernoulli(images: Any, logits: Any) -> Any:
    """Nats per image if each pixel is white with a chance of the sigmoid, else black."""
    return ops.mean(ops.sum(ops.softplus(logits) - images * logits, axis=(1, 2, 3)))


MISSED = {"normal": normal, "laplace": laplace, "bernoulli": bernoulli, "binary": bernoulli}


def unlike(layers: Sequence[tuple[Any, Any]], numbers: int) -> Any:
    """Nats per image by which features differ, as of normals with the best deviation in each layer.

    Args:
        layers: wanted and got features of each, of the same shape.
        numbers: of an image, for which they stand.
    """
    logs = [_log(ops.mean(ops.square(wanted - got))) for wanted, got in layers]
    return 0.5 * numbers * sum(logs) / len(logs)
