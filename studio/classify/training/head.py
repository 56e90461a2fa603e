"""The linear head: logistic regression on features, solved well within seconds.

It is multinomial, or with several labels for each image one logistic regression for each class. Labels are
class indices, `(n,)`, or multi-hot, `(n, k)`; the probabilities are then those of independent classes.

Uses SciPy's L-BFGS directly instead of scikit-learn, because a regularization path starts each fit from the
last solution, in float32, and a fold of a small dataset may lack a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np
from threadpoolctl import ThreadpoolController

from studio.core.progress import Progress

STRENGTHS = tuple(float(10.0 ** (-n / 2)) for n in range(4, 13))  # L2 regularization, from 0.01 to 1e-6
RANK = 256  # principal directions of the features that heads use; accuracy is the same as with all
FOLDS = 5
MIN_PROBABILITY = 1e-7  # keeps a loss finite; `keras.losses` clips at the same value
_MAX_ITERATIONS = 300
_GRADIENT_TOLERANCE = 3e-4
# Smallest relative decrease of the loss per iteration; the rough one selects the same strength.
_EXACT_TOLERANCE, _ROUGH_TOLERANCE = 1e-7, 1e-5
_MAX_LOSS_RATIO = 1.02  # of the lowest loss; the search for a strength ends above it


@dataclass(frozen=True)
class Linear:
    """A linear head: `softmax(features @ weights + bias)`, or sigmoid for independent classes.

    Attributes:
        weights: `(d, k) float32`.
        bias: `(k,) float32`.
        independent: whether each class has its own sigmoid.
    """

    weights: np.ndarray
    bias: np.ndarray
    independent: bool = False

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Returns the probabilities, `(n, k) float32`, for features `(n, d)`; with softmax, rows sum to 1."""
        return _activate(features @ self.weights + self.bias, self.independent)


@dataclass(frozen=True)
class StrengthChoice:
    """L2 regularization selected by cross-validation.

    Attributes:
        strength: the value with the lowest loss.
        losses: validation loss in nats per image, by strength.
        validation_probabilities: `(n, k) float32`, for each image by a head that was not trained on it.
    """

    strength: float
    losses: dict[float, float]
    validation_probabilities: np.ndarray


class FeatureSpace:
    """Centers features, scales them to a mean length of 1 and optionally projects them on few directions.

    Args:
        features: `(n, d)` training features.
        rank: number of directions; None keeps all.
        seed: of the randomized SVD.

    Attributes:
        features: the training features in this space, `(n, r)`.
    """

    def __init__(self, features: np.ndarray, rank: int | None = None, seed: int = 0):
        self.mean = features.mean(axis=0)
        centered = features - self.mean
        self.scale = float(np.sqrt(np.mean(np.sum(centered**2, axis=1)))) or 1.0
        dimensions = features.shape[1]
        rank = min(rank, *features.shape) if rank else dimensions
        self.axes = _compute_principal_directions(centered, rank, seed) if rank < dimensions else None
        self.features = self._project(centered)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Transforms features: `(m, d)` -> `(m, r)`."""
        return self._project(features - self.mean)

    def _project(self, centered: np.ndarray) -> np.ndarray:
        return (centered if self.axes is None else centered @ self.axes) / np.float32(self.scale)

    def unfold(self, linear: Linear) -> Linear:
        """Converts a head trained in this space to one on plain features."""
        weights = (linear.weights if self.axes is None else self.axes @ linear.weights) / self.scale
        bias = linear.bias - self.mean @ weights
        return Linear(weights.astype("float32"), bias.astype("float32"), linear.independent)


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    class_count: int,
    strength: float,
    start: Linear | None = None,
    tolerance: float = _EXACT_TOLERANCE,
) -> Linear:
    """Minimizes the mean loss of the images plus `strength / 2` times the squared weights, without the bias.

    Args:
        features: `(n, r)`, in a `FeatureSpace`.
        labels: `(n,)`, 0 to `class_count` - 1, or multi-hot, `(n, class_count)`.
        class_count: number of classes.
        strength: L2 regularization.
        start: initial head, such as the solution for another strength.
        tolerance: stops when an iteration decreases the loss by less than this share.
    """
    from scipy.optimize import minimize

    width = features.shape[1]
    features = np.ascontiguousarray(features, "float32")
    independent = labels.ndim > 1
    truth = labels.astype("float32") if independent else np.eye(class_count, dtype="float32")[labels]

    def compute_loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = parameters[:-class_count].reshape(width, class_count), parameters[-class_count:]
        logits = features @ weights.astype("float32") + bias.astype("float32")
        probabilities = _activate(logits, independent)
        if independent:  # the sum over classes, so that each has a logistic regression of its own
            losses = (np.logaddexp(0, logits) - truth * logits).sum(axis=1)
        else:
            losses = image_losses(probabilities, labels, 1e-30)
        residual = (probabilities - truth) / len(features)
        gradient = features.T @ residual + strength * weights
        total = float(losses.mean(dtype="float64") + strength / 2 * np.sum(weights**2))
        return total, np.concatenate([gradient.ravel(), residual.sum(axis=0)]).astype("float64")

    initial = np.zeros((width + 1) * class_count)
    if start is not None:
        initial = np.concatenate([start.weights.ravel(), start.bias]).astype("float64")
    options = {
        "maxiter": _MAX_ITERATIONS,
        "gtol": _GRADIENT_TOLERANCE * np.sqrt(strength),
        "ftol": tolerance,
        "maxcor": 10,
    }
    with _find_thread_pools().limit(limits=1):  # more threads do not speed up matrices this small
        solution = minimize(compute_loss, initial, jac=True, method="L-BFGS-B", options=options).x.astype(
            "float32"
        )
    return Linear(solution[:-class_count].reshape(width, class_count), solution[-class_count:], independent)


def choose_strength(
    features: np.ndarray,
    labels: np.ndarray,
    class_count: int,
    folds: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> StrengthChoice:
    """Selects the L2 regularization by cross-validation.

    Each fold fits its own `FeatureSpace` without the images left out, with as many directions as the final
    head, so that the validation loss is that of the head in use.

    Args:
        features: `(n, d)` of the training images.
        labels: `(n,)`, 0 to `class_count` - 1, or multi-hot, `(n, class_count)`.
        class_count: number of classes.
        folds: `(n,)`, the fold in which each image is left out.
        seed: of the randomized SVD.
        progress: receives the number of strengths done.
        strengths: candidates, from strong to weak.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    masks = [folds == fold for fold in range(int(folds.max()) + 1)]
    projections = [project_fold(features, mask, seed) for mask in masks]
    solutions: list[Linear | None] = [None] * len(masks)
    losses: dict[float, float] = {}
    best, best_probabilities = strengths[0], np.empty((len(labels), class_count), "float32")
    for n, strength in enumerate(strengths):
        progress.report(n, len(strengths), text="Choosing the regularization strength")
        probabilities = np.empty_like(best_probabilities)
        for fold, (mask, (train_features, test_features)) in enumerate(zip(masks, projections, strict=True)):
            solutions[fold] = linear = fit(
                train_features, labels[~mask], class_count, strength, solutions[fold], _ROUGH_TOLERANCE
            )
            probabilities[mask] = linear.predict(test_features)
        losses[strength] = log_loss(probabilities, labels)
        if losses[strength] <= losses[best]:
            best, best_probabilities = strength, probabilities
        elif losses[strength] > _MAX_LOSS_RATIO * losses[best]:
            break  # weaker regularization overfits and takes longest to solve
    return StrengthChoice(best, losses, best_probabilities)


def project_fold(features: np.ndarray, is_left_out: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the features of a fold's training and left-out images, in the space of its training images.

    Args:
        features: `(n, d)`.
        is_left_out: `(n,) bool`.
        seed: of the randomized SVD.
    """
    space = FeatureSpace(features[~is_left_out], RANK, seed)
    return space.features, space(features[is_left_out])


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean of `image_losses`; a uniform guess gives log(k), or log(2) with multi-hot labels."""
    return float(image_losses(probabilities, labels).mean(dtype="float64"))


def image_losses(
    probabilities: np.ndarray, labels: np.ndarray, lowest: float = MIN_PROBABILITY
) -> np.ndarray:
    """Returns the loss of each image in nats, `(n,)`: its negative log-likelihood.

    With multi-hot labels it is the binary cross-entropy, the mean over classes, as Keras computes it.

    Args:
        probabilities: `(n, k)`.
        labels: `(n,)`, 0 to k - 1, or multi-hot, `(n, k)`.
        lowest: clips probabilities, so that losses are finite.
    """
    if labels.ndim > 1:
        likelihoods = np.where(labels, probabilities, 1 - probabilities)
        return -np.log(np.maximum(likelihoods, lowest)).mean(axis=1)
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], lowest))


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the temperature, 1 to 10, with the lowest negative log-likelihood; it lowers the confidence.

    A temperature below 1 would raise it. It fits best whenever all of a few images are classified correctly.

    Args:
        probabilities: `(n, k)` of images that were not trained on.
        labels: `(n,)`, 0 to k - 1, or multi-hot, `(n, k)`.

    Reference:
        Guo et al. 2017, arXiv:1706.04599, section 4.2.
    """
    from scipy.optimize import minimize_scalar

    def compute_loss(exponent: float) -> float:
        return log_loss(apply_temperature(probabilities, 10**exponent, labels.ndim > 1), labels)

    return float(10 ** minimize_scalar(compute_loss, bounds=(0, 1), method="bounded").x)


def apply_temperature(probabilities: np.ndarray, temperature: float, independent: bool = False) -> np.ndarray:
    """Returns the probabilities, `(n, k)`, after their logits are divided by a temperature."""
    logits = np.log(np.maximum(probabilities, 1e-30))
    if independent:
        logits -= np.log(np.maximum(1 - probabilities, MIN_PROBABILITY))
    return _activate(logits / np.float32(temperature), independent)


@lru_cache(maxsize=1)
def _find_thread_pools() -> ThreadpoolController:
    """Returns a cached thread controller: inspecting TensorFlow's libraries takes longer than a fit."""
    import_module("scipy.optimize")  # only loaded libraries are found

    return ThreadpoolController()


def _activate(logits: np.ndarray, independent: bool) -> np.ndarray:
    """Returns probabilities, `(n, k)`: the sigmoid of independent classes, else the softmax."""
    if independent:
        from scipy.special import expit

        return expit(logits)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _compute_principal_directions(centered: np.ndarray, rank: int, seed: int) -> np.ndarray:
    """Returns the `rank` principal directions, `(d, rank)`, of unit length, by decreasing variance."""
    from sklearn.utils.extmath import randomized_svd

    with _find_thread_pools().limit(limits=1):
        return randomized_svd(centered, rank, n_iter=2, random_state=seed)[2].T.astype("float32")
