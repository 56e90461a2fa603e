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
CANDIDATE_VARIANCES = (1.0, 3.0, 9.0)  # candidate variances of the utility, in squared units
# Candidate length scales of the kernel, in sides of the unit cube.
CANDIDATE_LENGTH_SCALES = (0.15, 0.25, 0.4, 0.7, 1.2, 2.0)
MEDIAN_LENGTH_SCALE = 0.5  # of the log-normal prior of length scales
LOG_LENGTH_SCALE_DEVIATION = 0.7  # of the same prior
_ASCENT_ROUNDS = 2
_NEWTON_STEPS, _TOLERANCE = 60, 1e-6
_MAX_DEVIATIONS = 30.0
_SQRT_2_PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Preference:
    """A comparison of two points by their indices; the first was picked, or they tie."""

    better: int
    worse: int
    is_tie: bool = False


class UtilityPosterior:
    """The posterior of the utility after some comparisons.

    Args:
        places: `(n, d)`, places of the compared points in the d-dimensional unit cube.
        preferences: the comparisons.
        dimension_settings: index of the setting of each dimension; dimensions of one setting share a length
            scale.

    Attributes:
        length_scales: length scale of each setting; a short one means that the setting matters.
        evidence: log marginal likelihood of the comparisons.
    """

    def __init__(
        self, places: np.ndarray, preferences: Sequence[Preference], dimension_settings: Sequence[int]
    ):
        self._places, self._dimension_settings = places, np.asarray(dimension_settings)
        self._signs = np.zeros((len(preferences), len(places)))
        for row, preference in enumerate(preferences):
            self._signs[row, preference.better] += 1.0
            self._signs[row, preference.worse] -= 1.0
        self._is_tie = np.array([preference.is_tie for preference in preferences], bool)
        count = max(dimension_settings) + 1
        self.length_scales, self._variance = np.full(count, MEDIAN_LENGTH_SCALE), CANDIDATE_VARIANCES[1]
        self._differences = np.zeros(len(preferences))
        self._evidence_cache: dict[tuple[float, ...], float] = {}  # by length scales and variance
        if preferences:
            self._fit_hyperparameters()
        self.evidence = self._fit_laplace()

    def mean(self, places: np.ndarray) -> np.ndarray:
        """Returns the expected utility at `(m, d)` places: `(m,)`."""
        return self._compute_kernel(places, self._places) @ (self._signs.T @ self._gradient)

    def covariance(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Returns the covariance of the utility at `(m, d)` places and `(k, d)` others: `(m, k)`."""
        near, far = (self._signs @ self._compute_kernel(self._places, points) for points in (places, others))
        near, far = (
            solve_triangular(self._factor, self._curvature_root[:, None] * columns, lower=True)
            for columns in (near, far)
        )
        return self._compute_kernel(places, others) - near.T @ far

    def variance(self, places: np.ndarray) -> np.ndarray:
        """Returns the variance of the utility at `(m, d)` places: `(m,)`."""
        projected = self._signs @ self._compute_kernel(self._places, places)
        projected = solve_triangular(self._factor, self._curvature_root[:, None] * projected, lower=True)
        return np.maximum(self._variance - (projected**2).sum(axis=0), 1e-12)

    def compute_expected_improvement(self, places: np.ndarray, incumbent: np.ndarray) -> np.ndarray:
        """Returns the expected improvement of each place over the incumbent, `(1, d)`: `(m,)`.

        It uses the joint posterior, so that a place with nearly the incumbent's utility promises nothing.

        Reference:
            Mockus 1978; for pairs, Brochu et al. 2010, arXiv:1012.2599, section 3.
        """
        gain = self.mean(places) - self.mean(incumbent)
        covariance = self.covariance(places, incumbent)[:, 0]
        deviation = np.sqrt(
            np.maximum(self.variance(places) + self.variance(incumbent) - 2 * covariance, 1e-12)
        )
        ratio = gain / deviation
        return gain * ndtr(ratio) + deviation * np.exp(-(ratio**2) / 2) / _SQRT_2_PI

    def _compute_kernel(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        from sklearn.gaussian_process.kernels import Matern  # imported here, because it takes a second

        return self._variance * Matern(self.length_scales[self._dimension_settings], nu=2.5)(places, others)

    def _fit_hyperparameters(self) -> None:
        """Fits length scales and variance by coordinate ascent on the posterior probability."""
        for _ in range(_ASCENT_ROUNDS):
            for n in range(len(self.length_scales)):
                self.length_scales[n] = max(
                    CANDIDATE_LENGTH_SCALES, key=partial(self._compute_log_posterior, n)
                )
            self._variance = max(CANDIDATE_VARIANCES, key=partial(self._compute_log_posterior, None))

    def _compute_log_posterior(self, n: int | None, value: float) -> float:
        """Returns the log posterior with another length scale of setting `n`, or another variance if None."""
        saved = self.length_scales.copy(), self._variance
        if n is None:
            self._variance = value
        else:
            self.length_scales[n] = value
        key = (*self.length_scales, self._variance)
        if key not in self._evidence_cache:
            self._evidence_cache[key] = self._fit_laplace()
        deviations = np.log(self.length_scales / MEDIAN_LENGTH_SCALE) / LOG_LENGTH_SCALE_DEVIATION
        self.length_scales, self._variance = saved
        return self._evidence_cache[key] - 0.5 * float(deviations @ deviations)

    def _fit_laplace(self) -> float:
        """Fits the Laplace approximation by Newton's method; returns the log evidence.

        The likelihood depends only on differences of utilities, which have a Gaussian prior, too. So this is
        the usual Laplace approximation with a comparison instead of each labeled point.
        """
        prior = self._signs @ self._compute_kernel(self._places, self._places) @ self._signs.T
        differences, last_objective = self._differences, -np.inf  # start from the last fit, which is near
        for _ in range(_NEWTON_STEPS):
            _, gradient, curvature = self._compute_log_likelihood(differences)
            target, curvature_root = curvature * differences + gradient, np.sqrt(curvature)
            factor = _factorize(prior, curvature_root)
            solution = cho_solve((factor, True), curvature_root * (prior @ target), check_finite=False)
            dual = target - curvature_root * solution
            differences = prior @ dual
            objective = self._compute_log_likelihood(differences)[0] - 0.5 * dual @ differences
            if abs(objective - last_objective) < _TOLERANCE:
                break
            last_objective = objective
        value, self._gradient, curvature = self._compute_log_likelihood(differences)
        self._differences, self._curvature_root = differences, np.sqrt(curvature)
        self._factor = _factorize(prior, self._curvature_root)
        return float(value - 0.5 * self._gradient @ differences - np.log(np.diag(self._factor)).sum())

    def _compute_log_likelihood(self, differences: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Returns the log likelihood at these differences, its gradient, and its negative curvature."""
        terms = np.array(_compute_pick_terms(differences))
        if self._is_tie.any():
            terms[:, self._is_tie] = _compute_tie_terms(differences[self._is_tie])
        value, gradient, curvature = terms
        return float(value.sum()), gradient, np.maximum(curvature, 1e-10)


def _factorize(prior: np.ndarray, curvature_root: np.ndarray) -> np.ndarray:
    """Returns the Cholesky factor of `B` in Rasmussen and Williams 2006, equation 3.26."""
    return np.linalg.cholesky(np.eye(len(prior)) + curvature_root[:, None] * prior * curvature_root)


def _compute_pick_terms(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the log likelihood of a pick, its gradient and its negative curvature."""
    z = np.maximum(differences - MARGIN, -_MAX_DEVIATIONS)
    value = log_ndtr(z)
    gradient = np.exp(-(z**2) / 2 - value) / _SQRT_2_PI
    return value, gradient, gradient * (z + gradient)


def _compute_tie_terms(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the log likelihood of a tie, its gradient and its negative curvature."""
    distance = np.minimum(np.abs(differences), _MAX_DEVIATIONS)
    upper, lower = MARGIN - distance, -MARGIN - distance
    probability = ndtr(upper) - ndtr(lower)
    upper_density, lower_density = (np.exp(-(z**2) / 2) / _SQRT_2_PI for z in (upper, lower))
    gradient = (lower_density - upper_density) / probability
    curvature = gradient**2 - (lower * lower_density - upper * upper_density) / probability
    return np.log(probability), gradient * np.sign(differences), curvature
