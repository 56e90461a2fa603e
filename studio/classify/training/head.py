"""The linear head: multinomial logistic regression on features, solved well within seconds.

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
_MAX_ITERATIONS = 300
_GRADIENT_TOLERANCE = 3e-4
_EXACT_TOLERANCE, _ROUGH_TOLERANCE = 1e-7, 1e-5  # smallest relative decrease of the loss per iteration; _ROUGH selects as well
_MAX_LOSS_RATIO = 1.02


@dataclass(frozen=True)
class Linear:
    """A linear head: `softmax(features @ weights + bias)`.

    Attributes:
        weights: `(d, k) float32`.
        bias: `(k,) float32`.
    """

    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """`(n, d)` features -> `(n, k) float32`, each row of sum 1."""
        return _softmax(features @ self.weights + self.bias)


@dataclass(frozen=True)
class StrengthChoice:
    """L2 regularization selected by cross-validation.

    Attributes:
        strength: the value with the lowest loss.
        losses: validation loss in nats per image, by strength.
        left_out: `(n, k) float32`, each image's probabilities by a head that was not trained on it.
    """

    strength: float
    losses: dict[float, float]
    left_out: np.ndarray


class FeatureSpace:
    """Centers features, scales them to a mean length of 1 and optionally projects them on few directions.

    Args:
        features: `(n, d)` training features.
        rank: number of directions; None keeps all.
        seed: of the randomized SVD.
    """

    def __init__(self, features: np.ndarray, rank: int | None = None, seed: int = 0):
        self.mean = features.mean(axis=0)
        centered = features - self.mean
        self.scale = float(np.sqrt(np.mean(np.sum(centered**2, axis=1)))) or 1.0
        most = min(rank, *features.shape) if rank else features.shape[1]
        self.axes = _principal_directions(centered, most, seed) if most < features.shape[1] else None
        self.rows = self._project(centered)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Transforms features: `(m, d)` -> `(m, r)`."""
        return self._project(features - self.mean)

    def _project(self, centered: np.ndarray) -> np.ndarray:
        return (centered if self.axes is None else centered @ self.axes) / np.float32(self.scale)

    def unfold(self, linear: Linear) -> Linear:
        """Converts a head trained in this space to one on plain features."""
        weights = (linear.weights if self.axes is None else self.axes @ linear.weights) / self.scale
        return Linear(weights.astype("float32"), (linear.bias - self.mean @ weights).astype("float32"))


def solve(
    rows: np.ndarray,
    labels: np.ndarray,
    classes: int,
    strength: float,
    start: Linear | None = None,
    tolerance: float = _EXACT_TOLERANCE,
) -> Linear:
    """Minimizes the mean loss plus `strength / 2` times the squared weights, without the bias.

    Args:
        rows: `(n, r)` in a `FeatureSpace`.
        labels: `(n,)`, 0 to `classes` - 1.
        classes: number of classes.
        strength: L2 regularization.
        start: initial head, such as the solution for another strength.
        tolerance: stops when an iteration decreases the loss by less than this share.
    """
    from scipy.optimize import minimize

    width = rows.shape[1]
    rows = np.ascontiguousarray(rows, "float32")
    truth = np.zeros((len(rows), classes), "float32")
    truth[np.arange(len(rows)), labels] = 1

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[:-classes].reshape(width, classes), flat[-classes:]
        probabilities = _softmax(rows @ weights.astype("float32") + bias.astype("float32"))
        nats = -np.log(np.maximum(probabilities[np.arange(len(rows)), labels], 1e-30)).mean(dtype="float64")
        residual = (probabilities - truth) / len(rows)
        gradient = rows.T @ residual + strength * weights
        total = float(nats + strength / 2 * np.sum(weights**2))
        return total, np.concatenate([gradient.ravel(), residual.sum(axis=0)]).astype("float64")

    initial = np.zeros((width + 1) * classes)
    if start is not None:
        initial = np.concatenate([start.weights.ravel(), start.bias]).astype("float64")
    options = {
        "maxiter": _MAX_ITERATIONS,
        "gtol": _GRADIENT_TOLERANCE * np.sqrt(strength),
        "ftol": tolerance,
        "maxcor": 10,
    }
    with _thread_controller().limit(limits=1):  # more threads do not speed up matrices this small
        solution = minimize(loss, initial, jac=True, method="L-BFGS-B", options=options).x.astype("float32")
    return Linear(solution[:-classes].reshape(width, classes), solution[-classes:])


def choose_strength(
    features: np.ndarray,
    labels: np.ndarray,
    classes: int,
    parts: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> StrengthChoice:
    """Selects the L2 regularization by cross-validation.

    Each fold fits its own `FeatureSpace` without the images left out, with as many directions as the final head, so
    that the validation loss is that of the head in use.

    Args:
        features: `(n, d)` of the training images.
        labels: `(n,)`, 0 to `classes` - 1.
        classes: number of classes.
        parts: `(n,)`, the fold in which each image is left out.
        seed: of the randomized SVD.
        progress: receives the number of strengths done.
        strengths: candidates, from strong to weak.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    folds = [project_fold(features, parts == part, seed) for part in range(int(parts.max()) + 1)]
    solutions: list[Linear | None] = [None] * len(folds)
    losses: dict[float, float] = {}
    best, guesses = strengths[0], np.empty((len(labels), classes), "float32")
    for n, strength in enumerate(strengths):
        progress.report(n, len(strengths), text="Choosing the regularization strength")
        left_out = np.empty_like(guesses)
        for part, (rows, others) in enumerate(folds):
            out = parts == part
            solutions[part] = linear = solve(rows, labels[~out], classes, strength, solutions[part], _ROUGH_TOLERANCE)
            left_out[out] = linear.probabilities(others)
        losses[strength] = log_loss(left_out, labels)
        if losses[strength] <= losses[best]:
            best, guesses = strength, left_out
        elif losses[strength] > _MAX_LOSS_RATIO * losses[best]:
            break  # weaker regularization overfits and takes longest to solve
    return StrengthChoice(best, losses, guesses)


def project_fold(features: np.ndarray, out: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the features of a fold's training and left-out images, in a `FeatureSpace` of the training images.

    Args:
        features: `(n, d)`.
        out: `(n,) bool`, whether an image is left out.
        seed: of the randomized SVD.
    """
    space = FeatureSpace(features[~out], RANK, seed)
    return space.rows, space(features[out])


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean negative log-likelihood in nats per image; a uniform guess gives log(k)."""
    likelihoods = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(likelihoods, 1e-7)).mean(dtype="float64"))


@lru_cache(maxsize=1)
def _thread_controller() -> ThreadpoolController:
    """Returns a cached thread controller: inspecting TensorFlow's libraries takes longer than a fit."""
    import_module("scipy.optimize")  # only loaded libraries are found

    return ThreadpoolController()


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _principal_directions(centered: np.ndarray, rank: int, seed: int) -> np.ndarray:
    """Returns the `rank` principal directions, `(d, rank)`, of unit length, by decreasing variance."""
    from sklearn.utils.extmath import randomized_svd

    with _thread_controller().limit(limits=1):
        return randomized_svd(centered, rank, n_iter=2, random_state=seed)[2].T.astype("float32")
