"""L-BFGS on the pixels, or on their waves: the best picture found within a number of passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studio.core.errors import Cancelled
from studio.core.objectives.evaluate import Evaluation

_MEMORY = 10  # pairs of steps and gradient changes; 20 and 40 lowered the loss no further
_LONGEST = 8.0  # half waves along the longer side, up to which all move alike


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


class _Pixels:
    """The unknowns are the pixels themselves."""

    def __init__(self, start_01: np.ndarray):
        self._shape = start_01.shape
        self.start = start_01.ravel().astype("float64")

    def picture(self, flat: np.ndarray) -> np.ndarray:
        return flat.reshape(self._shape).astype("float32")

    def gradient(self, by_pixels: np.ndarray) -> np.ndarray:
        return by_pixels.ravel()


class _Waves:
    """The unknowns are the cosine waves of what is added to the start; long ones move further."""

    def __init__(self, start_01: np.ndarray, smoothing: float):
        _, height, width, _ = start_01.shape
        down, right = np.arange(height)[:, None] / height, np.arange(width)[None] / width
        reach = np.maximum(np.hypot(down, right), _LONGEST / max(height, width)) ** -smoothing
        self._reach = (reach / np.sqrt(np.mean(reach**2)))[None, :, :, None].astype("float32")
        self._start_01 = start_01
        self.start = np.zeros(start_01.size)

    def picture(self, flat: np.ndarray) -> np.ndarray:
        from scipy import fft

        waves = flat.reshape(self._start_01.shape).astype("float32") * self._reach
        return self._start_01 + fft.idctn(waves, axes=(1, 2), norm="ortho")

    def gradient(self, by_pixels: np.ndarray) -> np.ndarray:
        from scipy import fft

        return (fft.dctn(by_pixels, axes=(1, 2), norm="ortho") * self._reach).ravel()


def descend(
    evaluate: Callable[[np.ndarray], Evaluation],
    start_01: np.ndarray,
    passes: int,
    on_pass: Callable[[int, Evaluation, np.ndarray], None] = lambda done, evaluation, picture: None,
    smoothing: float = 0.0,
) -> Descent:
    """Lowers an objective by L-BFGS; deterministic.

    Args:
        evaluate: the objective's value and gradient at `(1, H, W, 3) float32`.
        start_01: the first picture, `(1, H, W, 3) float32 in [0, 1]`.
        passes: how many evaluations it may take.
        on_pass: told of each; may raise `Cancelled`, which ends the descent with the best so far.
        smoothing: 0 steps in pixels; the larger, the further long waves move ahead of short ones, which are
            what a few passes leave as grain.

    Reference:
        Liu and Nocedal 1989, "On the limited memory BFGS method"; SciPy's L-BFGS-B without bounds.
    """
    from scipy.optimize import minimize

    steps = _Waves(start_01, smoothing) if smoothing else _Pixels(start_01)
    best_picture, best, done = start_01, None, 0

    def at(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best_picture, best, done
        picture = steps.picture(flat)
        evaluation = evaluate(picture)
        done += 1
        if best is None or evaluation.value < best.value:
            best_picture, best = picture, evaluation
        on_pass(done, evaluation, best_picture)
        if done >= passes:
            raise _Enough
        return evaluation.value, steps.gradient(evaluation.gradient).astype("float64")

    cancelled = False
    options = {"maxiter": passes, "maxfun": passes, "maxcor": _MEMORY, "ftol": 0.0, "gtol": 0.0}
    try:
        minimize(at, steps.start, jac=True, method="L-BFGS-B", options=options)
    except _Enough:
        pass
    except Cancelled:
        cancelled = True
    return Descent(np.clip(best_picture, 0.0, 1.0), best, done, cancelled)
