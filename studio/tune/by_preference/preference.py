"""Preference learning from pairs: a Gaussian process with a probit likelihood and Laplace approximation.

Users cannot rate an image by a number, but they can pick the better of two. The model has a utility `f` of
the settings; `a` is picked over `b` with probability `Phi(f(a) - f(b) - margin)`, and they tie if neither is
better by the margin. It needs no Keras and takes a few milliseconds.

Reference:
    Chu and Ghahramani 2005, Preference Learning with Gaussian Processes; Brochu et al. 2010, arXiv:1012.2599;
    ties as in Rao and Kupper 1967; Rasmussen and Williams 2006, algorithms 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import log_ndtr, ndtr

MARGIN = 0.3  # in units of the noise of a pick
SPREADS = (1.0, 3.0, 9.0)  # candidate variances of the utility, in squared units
REACHES = (0.15, 0.25, 0.4, 0.7, 1.2, 2.0)  # candidate length scales of the kernel, in sides of the cube
USUAL_REACH, REACH_SPREAD = 0.5, 0.7  # median and log deviation of the log-normal prior of length scales
_ROUNDS = 2
_NEWTON, _ENOUGH = 60, 1e-6
_FAR = 30.0
_ROOT = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Preference:
    """A comparison of two points by their indices; the first was picked, or they tie."""

    better: int
    worse: int
    is_tie: bool = False


class Belief:
    """The posterior of the utility after some comparisons.

    Args:
        places: `(n, sides)`, places of the compared points in the unit cube.
        preferences: the comparisons.
        owners: index of the setting of each dimension; dimensions of one setting share a length scale.

    Attributes:
        reaches: length scale of each setting; a short one means that the setting matters.
        evidence: log marginal likelihood of the comparisons.
    """

    def __init__(self, places: np.ndarray, preferences: Sequence[Preference], owners: Sequence[int]):
        self._places, self._owners = places, np.asarray(owners)
        self._preferences = preferences
        self._signs = np.zeros((len(preferences), len(places)))
        for row, preference in enumerate(preferences):
            self._signs[row, preference.better] += 1.0
            self._signs[row, preference.worse] -= 1.0
        self._is_tie = np.array([preference.is_tie for preference in preferences], bool)
        count = max(owners) + 1
        self.reaches, self._spread = np.full(count, USUAL_REACH), SPREADS[1]
        self._gaps = np.zeros(len(preferences))
        self._evidence_cache: dict[tuple[float, ...], float] = {}  # by length scales and variance
        if preferences:
            self._learn()
        self.evidence = self._fit()

    def mean(self, places: np.ndarray) -> np.ndarray:
        """Returns the expected utility at `(m, sides)` places: `(m,)`."""
        return self._kernel(places, self._places) @ (self._signs.T @ self._pull)

    def covariance(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Returns the covariance of the utility at `(m, sides)` places and `(k, sides)` others: `(m, k)`."""
        near, far = (self._signs @ self._kernel(self._places, these) for these in (places, others))
        near, far = (
            solve_triangular(self._factor, self._root[:, None] * columns, lower=True)
            for columns in (near, far)
        )
        return self._kernel(places, others) - near.T @ far

    def variance(self, places: np.ndarray) -> np.ndarray:
        """Returns the variance of the utility at `(m, sides)` places: `(m,)`."""
        projected = self._signs @ self._kernel(self._places, places)
        projected = solve_triangular(self._factor, self._root[:, None] * projected, lower=True)
        return np.maximum(self._spread - (projected**2).sum(axis=0), 1e-12)

    def improvement(self, places: np.ndarray, champion: np.ndarray) -> np.ndarray:
        """Returns the expected improvement of each place over the champion's `(1, sides)`: `(m,)`.

        It uses the joint posterior, so that a place with nearly the champion's utility promises nothing.

        Reference:
            Mockus 1978; for pairs, Brochu et al. 2010, arXiv:1012.2599, section 3.
        """
        gain = self.mean(places) - self.mean(champion)
        covariance = self.covariance(places, champion)[:, 0]
        deviation = np.sqrt(
            np.maximum(self.variance(places) + self.variance(champion) - 2 * covariance, 1e-12)
        )
        ratio = gain / deviation
        return gain * ndtr(ratio) + deviation * np.exp(-(ratio**2) / 2) / _ROOT

    def _kernel(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        from sklearn.gaussian_process.kernels import Matern  # imported here, because it takes a second

        return self._spread * Matern(self.reaches[self._owners], nu=2.5)(places, others)

    def _learn(self) -> None:
        """Fits length scales and variance by coordinate ascent on the posterior probability."""
        for _ in range(_ROUNDS):
            for n in range(len(self.reaches)):
                self.reaches[n] = max(REACHES, key=partial(self._likely, n))
            self._spread = max(SPREADS, key=partial(self._likely, None))

    def _likely(self, n: int | None, value: float) -> float:
        """Returns the log posterior with another length scale of setting `n`, or another variance if None."""
        saved = self.reaches.copy(), self._spread
        if n is None:
            self._spread = value
        else:
            self.reaches[n] = value
        key = (*self.reaches, self._spread)
        if key not in self._evidence_cache:
            self._evidence_cache[key] = self._fit()
        deviations = np.log(self.reaches / USUAL_REACH) / REACH_SPREAD
        self.reaches, self._spread = saved
        return self._evidence_cache[key] - 0.5 * float(deviations @ deviations)

    def _fit(self) -> float:
        """Fits the Laplace approximation by Newton's method; returns the log evidence.

        The likelihood depends only on differences of utilities, which have a Gaussian prior, too. So this is
        the usual Laplace approximation with a comparison instead of each labeled point.
        """
        prior = self._signs @ self._kernel(self._places, self._places) @ self._signs.T
        gaps, last_objective = self._gaps, -np.inf  # start from the last fit, which is near
        for _ in range(_NEWTON):
            _, slope, bend = self._answers(gaps)
            target, root = bend * gaps + slope, np.sqrt(bend)
            factor = np.linalg.cholesky(np.eye(len(prior)) + root[:, None] * prior * root)
            pull = target - root * cho_solve((factor, True), root * (prior @ target), check_finite=False)
            gaps = prior @ pull
            objective = self._answers(gaps)[0] - 0.5 * pull @ gaps
            if abs(objective - last_objective) < _ENOUGH:
                break
            last_objective = objective
        value, self._pull, bend = self._answers(gaps)
        self._gaps, self._root = gaps, np.sqrt(bend)
        self._factor = np.linalg.cholesky(np.eye(len(prior)) + self._root[:, None] * prior * self._root)
        return float(value - 0.5 * self._pull @ gaps - np.log(np.diag(self._factor)).sum())

    def _answers(self, gaps: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Returns the log likelihood at these differences, its gradient, and its negative curvature."""
        terms = np.array(_pick_likelihood(gaps))
        if self._is_tie.any():
            terms[:, self._is_tie] = _tie_likelihood(gaps[self._is_tie])
        value, slope, bend = terms
        return float(value.sum()), slope, np.maximum(bend, 1e-10)


def _pick_likelihood(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = np.maximum(gaps - MARGIN, -_FAR)
    value = log_ndtr(z)
    slope = np.exp(-(z**2) / 2 - value) / _ROOT
    return value, slope, slope * (z + slope)


def _tie_likelihood(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    far = np.minimum(np.abs(gaps), _FAR)
    above, below = MARGIN - far, -MARGIN - far
    share = ndtr(above) - ndtr(below)
    dense_above, dense_below = (np.exp(-(z**2) / 2) / _ROOT for z in (above, below))
    slope = (dense_below - dense_above) / share
    bend = slope**2 - (below * dense_below - above * dense_above) / share
    return np.log(share), slope * np.sign(gaps), bend
