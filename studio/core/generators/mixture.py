"""Where the codes of real pictures lie, as a model's settings.json holds it: a mixture of normals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.generators.directions import damaged, numbers, rounded


@dataclass(frozen=True)
class Mixture:
    """A sum of normal distributions.

    Attributes:
        weights: `(k,)`, the share of each, 1 in all.
        means, variances: `(k, latent_dim)`.
        factors: `(k, latent_dim, latent_dim)`, lower triangles: each, times its own transpose, is the
            covariance of its part, whose diagonal the variances are. None: the numbers of a code vary
            independently within a part.
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    factors: np.ndarray | None = None

    @classmethod
    def of_covariances(cls, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> Mixture:
        """One whose numbers vary together, by covariances of `(k, latent_dim, latent_dim)`."""
        return cls._of_factors(weights, means, np.linalg.cholesky(covariances))

    @classmethod
    def _of_factors(cls, weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> Mixture:
        return cls(weights, means, np.square(factors).sum(-1), factors)

    @property
    def mean(self) -> np.ndarray:
        """`(latent_dim,)`: of the whole."""
        return self.weights @ self.means

    @property
    def deviation(self) -> np.ndarray:
        """`(latent_dim,)`: the standard deviation of the whole, in each dimension."""
        return np.sqrt(self.weights @ (self.variances + (self.means - self.mean) ** 2))

    def draw(self, n: int, rng: np.random.Generator, truncation: float = 1.0) -> np.ndarray:
        """Draws points; the first of many are those of few.

        Args:
            truncation: how far they lie from the mean of their own part: of the whole would be a mixture of
                things that have nothing in common, such as a 1 and an 8.

        Returns:
            `(n, latent_dim) float32`.
        """
        which, where = rng.spawn(2)
        edges = np.cumsum(self.weights)
        part = np.searchsorted(edges / edges[-1], which.random(n), side="right").clip(0, len(edges) - 1)
        away = self._away(part, where.standard_normal((n, self.means.shape[1])), truncation)
        return (self.means[part] + away).astype("float32")

    def _away(self, part: np.ndarray, noise: np.ndarray, truncation: float) -> np.ndarray:
        """How far points lie from the means of their parts; one by one, as a part's factors are large."""
        if self.factors is None:
            return truncation * np.sqrt(self.variances[part]) * noise
        rows = zip(part, noise, strict=True)
        return truncation * np.array([self.factors[k] @ row for k, row in rows]).reshape(noise.shape)

    def to_json(self) -> dict[str, Any]:
        """As a model's settings.json holds it."""
        told: dict[str, Any] = {
            "weights": rounded(self.weights),
            "means": [rounded(row) for row in self.means],
        }
        if self.factors is None:
            return told | {"variances": [rounded(row) for row in self.variances]}
        return told | {"factors": [rounded(one[_below(len(one))]) for one in self.factors]}

    @classmethod
    def read(cls, held: Any, latent_dim: int) -> Mixture:
        """Reads what `to_json` wrote. Raises `InvalidInput` for anything else."""
        known = held if isinstance(held, Mapping) else {}
        weights = numbers(known.get("weights"), (None,), "density")
        means = numbers(known.get("means"), (len(weights), latent_dim), "density")
        if not len(weights) or weights.min() < 0 or not weights.sum():
            raise damaged("density", "shares below 0")
        weights = weights / weights.sum()
        if "factors" in known:
            below = _below(latent_dim)
            factors = np.zeros((len(weights), latent_dim, latent_dim))
            factors[:, *below] = numbers(known["factors"], (len(weights), len(below[0])), "density")
            return cls._of_factors(weights, means, factors)
        variances = numbers(known.get("variances"), (len(weights), latent_dim), "density")
        if variances.min() < 0:
            raise damaged("density", "variances below 0")
        return cls(weights, means, variances)


def _below(latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of a lower triangle, row by row."""
    return np.tril_indices(latent_dim)
