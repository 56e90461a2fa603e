"""L-BFGS on the pixels: the best picture found within a number of passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studio.core.errors import Cancelled
from studio.core.evaluate import Evaluation

_MEMORY = 10  # pairs of steps and gradient changes; 20 and 40 lowered the loss no further
_SCALE = 1e3  # keeps SciPy's first step, one over the gradient's length, in the range of pixels


@dataclass(frozen=True)
class Descent:
    """Where a descent ended.

    Attributes:
        images_01: the best picture, `(1, H, W, 3) float32 in [0, 1]`.
        evaluation: the objective there, before pixels were clipped to [0, 1].
        passes: evaluations done.
        cancelled: whether a person stopped it.
    """

    images_01: np.ndarray
    evaluation: Evaluation | None
    passes: int
    cancelled: bool


class _Enough(Exception):
    pass


def descend(
    evaluate: Callable[[np.ndarray], Evaluation],
    start_01: np.ndarray,
    passes: int,
    on_pass: Callable[[int, Evaluation, np.ndarray], None] = lambda done, evaluation, picture: None,
) -> Descent:
    """Lowers an objective by L-BFGS; deterministic.

    Args:
        evaluate: the objective's value and gradient at `(1, H, W, 3) float32`.
        start_01: the first picture, `(1, H, W, 3) float32 in [0, 1]`.
        passes: how many evaluations it may take.
        on_pass: told of each; may raise `Cancelled`, which ends the descent with the best so far.

    Reference:
        Liu and Nocedal 1989, "On the limited memory BFGS method"; SciPy's L-BFGS-B without bounds.
    """
    from scipy.optimize import minimize

    best_picture, best, done = start_01, None, 0

    def at(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best_picture, best, done
        picture = flat.reshape(start_01.shape).astype("float32")
        evaluation = evaluate(picture)
        done += 1
        if best is None or evaluation.value < best.value:
            best_picture, best = picture, evaluation
        on_pass(done, evaluation, best_picture)
        if done >= passes:
            raise _Enough
        return evaluation.value * _SCALE, evaluation.gradient.ravel().astype("float64") * _SCALE

    cancelled = False
    options = {"maxiter": passes, "maxfun": passes, "maxcor": _MEMORY, "ftol": 0.0, "gtol": 0.0}
    try:
        minimize(at, start_01.ravel().astype("float64"), jac=True, method="L-BFGS-B", options=options)
    except _Enough:
        pass
    except Cancelled:
        cancelled = True
    return Descent(np.clip(best_picture, 0.0, 1.0), best, done, cancelled)
