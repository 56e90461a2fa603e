"""What a user likes, told from pairs: a Gaussian process behind a probit, fitted by Laplace's way.

Nobody can give an image a number, but everybody can say which of two is better. Behind the answers stands a
utility `f` of the settings; `a` is picked over `b` with the probability `Phi(f(a) - f(b) - margin)`, and the
two are too alike when neither is better by the margin. All is light maths: no Keras, a few milliseconds.

Reference:
    Chu and Ghahramani 2005, Preference Learning with Gaussian Processes; Brochu et al. 2010, arXiv:1012.2599;
    the two are too alike as in Rao and Kupper 1967; Rasmussen and Williams 2006, algorithms 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import log_ndtr, ndtr

MARGIN = 0.3  # in units of the noise of a choice
SPREADS = (1.0, 3.0, 9.0)  # variances of the utility, in the same units
REACHES = (0.15, 0.25, 0.4, 0.7, 1.2, 2.0)  # how far along a side of the cube a taste stays alike
USUAL_REACH, REACH_SPREAD = 0.5, 0.7  # what is likely before anything was picked: a log-normal
_ROUNDS = 2
_NEWTON, _ENOUGH = 60, 1e-6
_FAR = 30.0
_ROOT = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Judged:
    """A comparison of two points by their numbers; the first was picked, or neither was."""

    better: int
    worse: int
    alike: bool = False


class Belief:
    """What is believed of the utility after some comparisons.

    Args:
        places: `(n, sides)`, where the compared points lie in the unit cube.
        judged: what was picked.
        owners: which setting each side belongs to; sides of one setting share a reach.

    Attributes:
        reaches: of each setting, how far a taste stays alike; a short one means that it matters much.
        evidence: the log of how likely the answers are under this model.
    """

    def __init__(self, places: np.ndarray, judged: Sequence[Judged], owners: Sequence[int]):
        self._places, self._owners = places, np.asarray(owners)
        self._judged = judged
        self._signs = np.zeros((len(judged), len(places)))
        for row, one in enumerate(judged):
            self._signs[row, one.better] += 1.0
            self._signs[row, one.worse] -= 1.0
        self._alike = np.array([one.alike for one in judged], bool)
        count = max(owners) + 1
        self.reaches, self._spread = np.full(count, USUAL_REACH), SPREADS[1]
        self._gaps = np.zeros(len(judged))
        self._known: dict[tuple[float, ...], float] = {}  # evidence, by reaches and spread
        if judged:
            self._learn()
        self.evidence = self._fit()

    def mean(self, places: np.ndarray) -> np.ndarray:
        """The expected utility at `(m, sides)` places: `(m,)`."""
        return self._kernel(places, self._places) @ (self._signs.T @ self._pull)

    def covariance(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        """How the utility at `(m, sides)` places goes with that at `(k, sides)` others: `(m, k)`."""
        near, far = (self._signs @ self._kernel(self._places, one) for one in (places, others))
        near, far = (
            solve_triangular(self._factor, self._root[:, None] * one, lower=True) for one in (near, far)
        )
        return self._kernel(places, others) - near.T @ far

    def variance(self, places: np.ndarray) -> np.ndarray:
        """The variance of the utility at `(m, sides)` places: `(m,)`."""
        seen = self._signs @ self._kernel(self._places, places)
        seen = solve_triangular(self._factor, self._root[:, None] * seen, lower=True)
        return np.maximum(self._spread - (seen**2).sum(axis=0), 1e-12)

    def improvement(self, places: np.ndarray, champion: np.ndarray) -> np.ndarray:
        """How much better than the champion's `(1, sides)` each place is expected to be, worse as 0: `(m,)`.

        The two are believed together, so that a place that is sure to be alike promises nothing.

        Reference:
            Mockus 1978; for pairs, Brochu et al. 2010, arXiv:1012.2599, section 3.
        """
        gain = self.mean(places) - self.mean(champion)
        shared = self.covariance(places, champion)[:, 0]
        deviation = np.sqrt(np.maximum(self.variance(places) + self.variance(champion) - 2 * shared, 1e-12))
        ratio = gain / deviation
        return gain * ndtr(ratio) + deviation * np.exp(-(ratio**2) / 2) / _ROOT

    def _kernel(self, places: np.ndarray, others: np.ndarray) -> np.ndarray:
        from sklearn.gaussian_process.kernels import Matern  # which takes a second, so only when it is used

        return self._spread * Matern(self.reaches[self._owners], nu=2.5)(places, others)

    def _learn(self) -> None:
        """Finds the reaches and the spread under which the answers are likeliest, one after the other."""
        for _ in range(_ROUNDS):
            for n in range(len(self.reaches)):
                self.reaches[n] = max(REACHES, key=partial(self._likely, n))
            self._spread = max(SPREADS, key=partial(self._likely, None))

    def _likely(self, n: int | None, value: float) -> float:
        """How likely the answers are with another reach of setting `n`, or another spread."""
        before = self.reaches.copy(), self._spread
        if n is None:
            self._spread = value
        else:
            self.reaches[n] = value
        asked = (*self.reaches, self._spread)
        if asked not in self._known:
            self._known[asked] = self._fit()
        nll = np.log(self.reaches / USUAL_REACH) / REACH_SPREAD
        self.reaches, self._spread = before
        return self._known[asked] - 0.5 * float(nll @ nll)

    def _fit(self) -> float:
        """Climbs to the likeliest differences and bends a Gaussian there; returns the log evidence.

        The answers depend on differences alone, whose prior is as Gaussian as that of the utilities, so this
        is the usual Laplace approximation with a comparison in the place of each labeled point.
        """
        prior = self._signs @ self._kernel(self._places, self._places) @ self._signs.T
        gaps, before = self._gaps, -np.inf  # from where the last fit ended, which is near
        for _ in range(_NEWTON):
            _, slope, bend = self._answers(gaps)
            wanted, root = bend * gaps + slope, np.sqrt(bend)
            factor = np.linalg.cholesky(np.eye(len(prior)) + root[:, None] * prior * root)
            told = wanted - root * cho_solve((factor, True), root * (prior @ wanted), check_finite=False)
            gaps = prior @ told
            now = self._answers(gaps)[0] - 0.5 * told @ gaps
            if abs(now - before) < _ENOUGH:
                break
            before = now
        value, self._pull, bend = self._answers(gaps)
        self._gaps, self._root = gaps, np.sqrt(bend)
        self._factor = np.linalg.cholesky(np.eye(len(prior)) + self._root[:, None] * prior * self._root)
        return float(value - 0.5 * self._pull @ gaps - np.log(np.diag(self._factor)).sum())

    def _answers(self, gaps: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The log likelihood of the answers at these differences, its slope, and how it bends (positive)."""
        found = np.array(_picked(gaps))
        if self._alike.any():
            found[:, self._alike] = _too_alike(gaps[self._alike])
        value, slope, bend = found
        return float(value.sum()), slope, np.maximum(bend, 1e-10)


def _picked(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = np.maximum(gaps - MARGIN, -_FAR)
    value = log_ndtr(z)
    slope = np.exp(-(z**2) / 2 - value) / _ROOT
    return value, slope, slope * (z + slope)


def _too_alike(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    far = np.minimum(np.abs(gaps), _FAR)
    above, below = MARGIN - far, -MARGIN - far
    share = ndtr(above) - ndtr(below)
    dense_above, dense_below = (np.exp(-(one**2) / 2) / _ROOT for one in (above, below))
    slope = (dense_below - dense_above) / share
    bend = slope**2 - (below * dense_below - above * dense_above) / share
    return np.log(share), slope * np.sign(gaps), bend
