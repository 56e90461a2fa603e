"""Reconstruction losses in nats per image, on pixels or on features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import ops

MIN_ERROR = 1e-8  # a mean squared error below this is rounding


def _compute_log_error(mean_error: Any) -> Any:
    return ops.log(ops.maximum(mean_error, MIN_ERROR))


def normal_nll(images: Any, logits: Any) -> Any:
    """Returns the negative log-likelihood under a normal distribution with the optimal shared deviation.

    Reference:
        Rybkin et al. 2021, arXiv:2006.13202.
    """
    error = ops.mean(ops.square(images - ops.sigmoid(logits)))
    return 0.5 * math.prod(images.shape[1:]) * (_compute_log_error(error) + 1 + math.log(2 * math.pi))


def laplace_nll(images: Any, logits: Any) -> Any:
    """Returns the negative log-likelihood under a Laplace distribution, which tolerates outlier pixels."""
    error = ops.mean(ops.abs(images - ops.sigmoid(logits)))
    return math.prod(images.shape[1:]) * (_compute_log_error(error) + 1 + math.log(2))


def bernoulli_nll(images: Any, logits: Any) -> Any:
    """Returns the negative log-likelihood if each pixel is white with the probability of the sigmoid."""
    return ops.mean(ops.sum(ops.softplus(logits) - images * logits, axis=(1, 2, 3)))


LIKELIHOODS = {
    "normal": normal_nll,
    "laplace": laplace_nll,
    "bernoulli": bernoulli_nll,
    "binary": bernoulli_nll,
}


def feature_nll(layers: Sequence[tuple[Any, Any]], values: int) -> Any:
    """Returns the negative log-likelihood of features under normals with each layer's optimal deviation.

    Args:
        layers: target and output features of each layer, of the same shape.
        values: number of values of an image, which scales the result.
    """
    logs = [_compute_log_error(ops.mean(ops.square(target - output))) for target, output in layers]
    return 0.5 * values * sum(logs) / len(logs)
