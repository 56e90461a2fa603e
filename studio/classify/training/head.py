"""The linear head: multinomial logistic regression on features, solved well within seconds.

Own code around SciPy's L-BFGS rather than scikit-learn's, for a path of strengths begins each time with the
last solution, in float32, and a part of a small data set may lack a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np
from threadpoolctl import ThreadpoolController

from studio.core.progress import Progress

STRENGTHS = tuple(float(10.0 ** (-n / 2)) for n in range(4, 13))  # from strong, 0.01, to weak, 1e-6
RANK = 256  # directions in which features differ most; heads look at no others, and are as good
FOLDS = 5
_PASSES = 300
_TOLERANCE = 3e-4
_EXACTLY, _ROUGHLY = 1e-7, 1e-5  # of the loss, that a pass must gain at least; roughly chooses as well
_WORSE = 1.02


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
class Choice:
    """How strongly weights should be held small, as found by cross-validation.

    Attributes:
        strength: the best.
        losses: nats per image of those left out, by strength.
        left_out: `(n, k) float32`, what each image is thought to be by heads that have not learned from it.
    """

    strength: float
    losses: dict[float, float]
    left_out: np.ndarray


class Space:
    """Features moved to their mean, brought to a mean length of 1, and, if wished, seen along few directions.

    Args:
        features: `(n, d)` that heads learn from.
        rank: directions; None for all.
        seed: of the search for them.
    """

    def __init__(self, features: np.ndarray, rank: int | None = None, seed: int = 0):
        self.mean = features.mean(axis=0)
        centerd = features - self.mean
        self.scale = float(np.sqrt(np.mean(np.sum(centerd**2, axis=1)))) or 1.0
        most = min(rank, *features.shape) if rank else features.shape[1]
        self.axes = _directions(centerd, most, seed) if most < features.shape[1] else None
        self.rows = self._along(centerd)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """`(m, d)` features -> `(m, r)`."""
        return self._along(features - self.mean)

    def _along(self, centerd: np.ndarray) -> np.ndarray:
        return (centerd if self.axes is None else centerd @ self.axes) / np.float32(self.scale)

    def unfolded(self, solved: Linear) -> Linear:
        """A head for plain features that does what one does that was solved in here."""
        weights = (solved.weights if self.axes is None else self.axes @ solved.weights) / self.scale
        return Linear(weights.astype("float32"), (solved.bias - self.mean @ weights).astype("float32"))


def solve(
    rows: np.ndarray,
    labels: np.ndarray,
    classes: int,
    strength: float,
    start: Linear | None = None,
    least: float = _EXACTLY,
) -> Linear:
    """The head of least mean loss plus `strength / 2` times the squared weights; the bias is free.

    Args:
        rows: `(n, r)` in a `Space`.
        labels: `(n,)` of 0 to `classes` - 1.
        strength: see above.
        start: a head to begin with, such as that of another strength.
        least: it ends when a pass gains less than this share of the loss.
    """
    from scipy.optimize import minimize

    wide = rows.shape[1]
    rows = np.ascontiguousarray(rows, "float32")
    truth = np.zeros((len(rows), classes), "float32")
    truth[np.arange(len(rows)), labels] = 1

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[:-classes].reshape(wide, classes), flat[-classes:]
        chances = _softmax(rows @ weights.astype("float32") + bias.astype("float32"))
        nats = -np.log(np.maximum(chances[np.arange(len(rows)), labels], 1e-30)).mean(dtype="float64")
        slope = (chances - truth) / len(rows)
        down = rows.T @ slope + strength * weights
        total = float(nats + strength / 2 * np.sum(weights**2))
        return total, np.concatenate([down.ravel(), slope.sum(axis=0)]).astype("float64")

    first = np.zeros((wide + 1) * classes)
    if start is not None:
        first = np.concatenate([start.weights.ravel(), start.bias]).astype("float64")
    options = {"maxiter": _PASSES, "gtol": _TOLERANCE * np.sqrt(strength), "ftol": least, "maxcor": 10}
    with _threads().limit(limits=1):  # matrices so small gain nothing from several
        found = minimize(loss, first, jac=True, method="L-BFGS-B", options=options).x.astype("float32")
    return Linear(found[:-classes].reshape(wide, classes), found[-classes:])


def choose(
    features: np.ndarray,
    labels: np.ndarray,
    classes: int,
    parts: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    strengths: Sequence[float] = STRENGTHS,
) -> Choice:
    """Finds the strength by cross-validation.

    Each fold has a `Space` of its own, found without the images left out, with as many directions as the head
    has: what is measured is what is used.

    Args:
        features: `(n, d)` of all images to learn from.
        labels: `(n,)` of those.
        classes: how many there are.
        parts: `(n,)`, the part in which each is left out.
        seed: of the search for directions.
        progress: told of each part.
        strengths: that are tried, from strong to weak.

    Raises:
        Cancelled: if a user asked to stop.
    """
    progress = progress or Progress()
    folds = [fold(features, parts == part, seed) for part in range(int(parts.max()) + 1)]
    solved: list[Linear | None] = [None] * len(folds)
    losses: dict[float, float] = {}
    best, guesses = strengths[0], np.empty((len(labels), classes), "float32")
    for n, strength in enumerate(strengths):
        progress.report(n, len(strengths), text="Choosing the regularization strength")
        left_out = np.empty_like(guesses)
        for part, (rows, others) in enumerate(folds):
            out = parts == part
            solved[part] = linear = solve(rows, labels[~out], classes, strength, solved[part], _ROUGHLY)
            left_out[out] = linear.probabilities(others)
        losses[strength] = loss(left_out, labels)
        if losses[strength] <= losses[best]:
            best, guesses = strength, left_out
        elif losses[strength] > _WORSE * losses[best]:
            break  # weaker ones memorize, and take longest to solve
    return Choice(best, losses, guesses)


def fold(features: np.ndarray, out: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features learned from, `(m, r)`, and left out, in a `Space` of those learned from alone.

    Args:
        features: `(n, d)`.
        out: `(n,) bool`, which are left out.
        seed: of the search for directions.
    """
    space = Space(features[~out], RANK, seed)
    return space.rows, space(features[out])


def loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """How many nats per image was a negative log-likelihood, on average: 0 for certainty, log(k) for no
    idea.
    """
    chances = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chances, 1e-7)).mean(dtype="float64"))


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    """Found once: looking through all that TensorFlow loads takes longer than solving does."""
    import_module("scipy.optimize")  # whose library must be there to be found

    return ThreadpoolController()


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _directions(centerd: np.ndarray, rank: int, seed: int) -> np.ndarray:
    """`(d, rank)` of length 1, in which rows differ most, the first most of all."""
    from sklearn.utils.extmath import randomized_svd

    with _threads().limit(limits=1):
        return randomized_svd(centerd, rank, n_iter=2, random_state=seed)[2].T.astype("float32")
