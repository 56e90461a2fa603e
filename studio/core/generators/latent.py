"""The space that a drawing model draws from: points, ways between them, directions that change one thing.

A point is a row of numbers, `z`. Plain NumPy: whatever model reads the points is known by its `Generator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.core.errors import unknown
from studio.core.generators.directions import (
    Direction,
    damaged,
    direction,
    from_json,
    numbers,
    principal,
    rounded,
)

__all__ = [
    "Direction",
    "Generator",
    "Mixture",
    "around",
    "direction",
    "draw",
    "interpolate",
    "lerp",
    "move",
    "principal",
    "read",
    "slerp",
]

_NEARLY = 1e-4  # radians; two points that lie nearer in direction, or opposite, have no one arc


@dataclass(frozen=True)
class Mixture:
    """Where the codes of real images lie: a sum of normal distributions.

    Attributes:
        weights: `(k,)`, the share of each, 1 in all.
        means, variances: `(k, latent_dim)`.
        factors: `(k, latent_dim, latent_dim)`, lower triangles: each times its transpose is the covariance of
            a part; None: in each part one number tells nothing of another.
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    factors: np.ndarray | None = None

    @classmethod
    def of_factors(cls, weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> Mixture:
        """One whose numbers tell of each other, with the variances that its factors have."""
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
        noise = where.standard_normal((n, self.means.shape[1]))
        if self.factors is None:
            moved = np.sqrt(self.variances[part]) * noise
        else:
            moved = np.empty_like(noise)
            for one in np.unique(part):
                moved[part == one] = noise[part == one] @ self.factors[one].T
        return (self.means[part] + truncation * moved).astype("float32")

    def to_json(self) -> dict[str, Any]:
        """As a model's settings.json holds it."""
        name, spread = "variances", self.variances
        if self.factors is not None:
            name, spread = "factors", self.factors[:, *np.tril_indices(self.means.shape[1])]
        return {
            "weights": rounded(self.weights),
            "means": [rounded(row) for row in self.means],
            name: [rounded(row) for row in spread],
        }

    @classmethod
    def read(cls, held: Any, latent_dim: int) -> Mixture:
        """Reads what `to_json` wrote. Raises `InvalidInput` for anything else."""
        known = held if isinstance(held, Mapping) else {}
        weights = numbers(known.get("weights"), (None,), "density")
        if not len(weights) or weights.min() < 0 or not weights.sum():
            raise damaged("density", "no shares, or shares below 0")
        weights = weights / weights.sum()
        means = numbers(known.get("means"), (len(weights), latent_dim), "density")
        if "factors" in known:
            lower = np.tril_indices(latent_dim)
            factors = np.zeros((len(weights), latent_dim, latent_dim))
            factors[:, *lower] = numbers(known["factors"], (len(weights), len(lower[0])), "density")
            return cls.of_factors(weights, means, factors)
        variances = numbers(known.get("variances"), (len(weights), latent_dim), "density")
        if variances.min() < 0:
            raise damaged("density", "variances below 0")
        return cls(weights, means, variances)


@dataclass(frozen=True)
class Generator:
    """A generator, ready in memory.

    Attributes:
        name: what a user calls it.
        digest: SHA-256 of its weights, for recipes.
        latent_dim: how many numbers make a point.
        size: px a side of its images.
        decode: `(n, latent_dim) float32` -> `(n, size, size, 3) uint8`; of a gray one three equal channels.
        directions: by name.
        density: where its codes lie; None: a normal distribution of mean 0 and variance 1.
        encode: `(n, size, size, 3) uint8` -> `(n, latent_dim) float32`; None where it only draws.
        redraw_error: how far reconstructions of its test images are off, root mean square, 0 to 255; None
            where that is not known.
    """

    name: str
    digest: str
    latent_dim: int
    size: int
    decode: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    directions: Mapping[str, Direction] = field(default_factory=dict, repr=False)
    density: Mixture | None = field(default=None, repr=False)
    encode: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)
    redraw_error: float | None = None


def read(data: Mapping[str, Any], latent_dim: int) -> tuple[dict[str, Direction], Mixture | None]:
    """The directions and the density in the `data` of a model's settings.json.

    Raises:
        InvalidInput: if they are not as `to_json` writes them.
    """
    directions = {name: Direction.read(one, latent_dim) for name, one in from_json(data).items()}
    density = data.get("density")
    return directions, None if density is None else Mixture.read(density, latent_dim)


def draw(generator: Generator, n: int, seed: int, truncation: float = 1.0) -> np.ndarray:
    """Draws points from where a generator's images are good; the first of many are those of few.

    Args:
        truncation: how far from the mean: 1 as learned, less more usual, 0 the mean itself.

    Returns:
        `(n, latent_dim) float32`.
    """
    rng = np.random.default_rng(seed)
    if generator.density is not None:
        return generator.density.draw(n, rng, truncation)
    return (truncation * rng.standard_normal((n, generator.latent_dim))).astype("float32")


def around(
    generator: Generator,
    z: np.ndarray,
    n: int,
    seed: int | Sequence[int],
    spread: float,
    truncation: float = 1.0,
) -> np.ndarray:
    """Draws points near one: itself first, then neighbors, as far from the mean as it is.

    Args:
        z: `(latent_dim,)`.
        spread: 0: all the same; 1: nothing left of it.
        truncation: as in `draw`, of what takes the place of what is lost.

    Returns:
        `(n, latent_dim) float32`.
    """
    density = generator.density
    mean, deviation = (density.mean, density.deviation) if density is not None else (0.0, 1.0)
    noise = np.random.default_rng(seed).standard_normal((max(0, n - 1), generator.latent_dim))
    kept = mean + np.sqrt(1 - spread**2) * (z - mean)
    return np.concatenate([z[None], kept + spread * truncation * deviation * noise])[:n].astype("float32")


def move(generator: Generator, z: np.ndarray, moves: Mapping[str, float]) -> np.ndarray:
    """Moves points along directions.

    Args:
        z: `(n, latent_dim)`.
        moves: how far, by the direction's name; 1 is about as far as two images usually differ in it.

    Returns:
        `(n, latent_dim) float32`.

    Raises:
        InvalidInput: if the generator has no such direction; the message names those that it has.
    """
    moved = np.array(z, "float32")
    for name, amount in moves.items():
        if name not in generator.directions:
            raise unknown("direction", name, generator.directions)
        moved = moved + np.float32(amount) * generator.directions[name].vector
    return moved


def lerp(start: np.ndarray, end: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """The straight way between two points, `(latent_dim,)`: `t` of shape `(n,)` gives `(n, latent_dim)`."""
    at = np.asarray(t, "float64")[..., None]
    return ((1 - at) * start + at * end).astype("float32")


def slerp(start: np.ndarray, end: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """The way between two points along an arc, on which it stays as far from 0 as they are.

    Points of a normal distribution lie near a sphere; the straight way would cut through its empty inside.

    Args:
        start, end: `(latent_dim,)`.
        t: 0 is the start, 1 the end; of shape `(n,)` or a number.

    Returns:
        `(n, latent_dim) float32`, or `(latent_dim,)` for a number.

    Reference:
        White 2016, arXiv:1609.04468.
    """
    first, last = (np.asarray(end_, "float64") for end_ in (start, end))
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    if not min(lengths):
        return lerp(start, end, t)
    one, other = first / lengths[0], last / lengths[1]
    angle = np.arccos(np.clip(one @ other, -1, 1))
    if not _NEARLY < angle < np.pi - _NEARLY:
        return lerp(start, end, t)
    at = np.asarray(t, "float64")[..., None]
    arc = (np.sin((1 - at) * angle) * one + np.sin(at * angle) * other) / np.sin(angle)
    return (arc * ((1 - at) * lengths[0] + at * lengths[1])).astype("float32")


def interpolate(points: np.ndarray, frames: int) -> np.ndarray:
    """A closed interpolation through points, slower near each of them, that ends where it began.

    Args:
        points: `(k, latent_dim)`, at least one.
        frames: how many steps, shared out evenly; the last is one step before the first.

    Returns:
        `(frames, latent_dim) float32`.
    """
    count = len(points)
    at = np.arange(frames) * count / frames
    whole = np.floor(at).astype(int)
    part = at - whole
    eased = part * part * (3 - 2 * part)
    path = np.empty((frames, points.shape[1]), "float32")
    for leg in range(count):
        here = whole == leg
        path[here] = slerp(points[leg], points[(leg + 1) % count], eased[here])
    return path
