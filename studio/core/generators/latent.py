"""Latent space of generators: sampling, interpolation, and directions that change one attribute.

A latent vector is a row of `z`. Those of a conditional DCGAN or VAE end with the class: a one-hot vector, or
a mixture of two on the way from one class to another. The module uses only NumPy; a `Generator` wraps the
model that decodes latents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from studio.core.errors import unknown
from studio.core.generators.directions import (
    Direction,
    damaged_value_error,
    find_principal,
    fit_direction,
    read_array,
    read_direction_values,
    round_values,
)
from studio.core.progress import Progress

__all__ = [
    "Denoising",
    "Direction",
    "Generator",
    "Mixture",
    "append_classes",
    "append_classes_in_turn",
    "find_principal",
    "fit_direction",
    "interpolate",
    "lerp",
    "morph",
    "move_along",
    "pad_directions",
    "read",
    "sample",
    "sample_near",
    "set_class",
    "set_labels",
    "slerp",
]

MAX_VALUES = 2**27  # of all latents at once: 1 GiB; only the noise of diffusion models comes near
_MIN_ANGLE = 1e-4  # radians; closer to parallel or opposite vectors, the arc is undefined


@dataclass(frozen=True)
class Mixture:
    """Density of the latents of real images: a mixture of normal distributions.

    Attributes:
        weights: share of each component, `(k,)`, with sum 1.
        means, variances: `(k, latent_dim)`.
        factors: Cholesky factors of the covariances, lower triangles of `(k, latent_dim, latent_dim)`; None
            for diagonal covariances.
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    factors: np.ndarray | None = None

    @classmethod
    def of_factors(cls, weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> Mixture:
        """Returns a mixture with full covariances, given by their Cholesky factors."""
        return cls(weights, means, np.square(factors).sum(-1), factors)

    @property
    def mean(self) -> np.ndarray:
        """Mean of the mixture, `(latent_dim,)`."""
        return self.weights @ self.means

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of the mixture in each dimension, `(latent_dim,)`."""
        return np.sqrt(self.weights @ (self.variances + (self.means - self.mean) ** 2))

    def sample(self, count: int, rng: np.random.Generator, truncation: float = 1.0) -> np.ndarray:
        """Samples latents; the first samples do not depend on `count`.

        Args:
            count: number of samples.
            rng: random generator.
            truncation: scale of the distance from the mean of the sample's component. The mean of the whole
                mixture would blend unrelated images, such as a 1 and an 8.

        Returns:
            `(n, latent_dim) float32`.
        """
        component_rng, noise_rng = rng.spawn(2)
        edges = np.cumsum(self.weights)
        component = np.searchsorted(edges / edges[-1], component_rng.random(count), side="right").clip(
            0, len(edges) - 1
        )
        noise = noise_rng.standard_normal((count, self.means.shape[1]))
        if self.factors is None:
            offsets = np.sqrt(self.variances[component]) * noise
        else:
            offsets = np.empty_like(noise)
            for index in np.unique(component):
                offsets[component == index] = noise[component == index] @ self.factors[index].T
        return (self.means[component] + truncation * offsets).astype("float32")

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON value for settings.json of a model."""
        name, values = "variances", self.variances
        if self.factors is not None:
            name, values = "factors", self.factors[:, *np.tril_indices(self.means.shape[1])]
        return {
            "weights": round_values(self.weights),
            "means": [round_values(row) for row in self.means],
            name: [round_values(row) for row in values],
        }

    @classmethod
    def read(cls, value: Any, latent_dim: int) -> Mixture:
        """Reads a value that `to_json` returned. Raises `InvalidInput` for any other."""
        fields = value if isinstance(value, Mapping) else {}
        weights = read_array(fields.get("weights"), (None,), "density")
        if not len(weights) or weights.min() < 0 or not weights.sum():
            raise damaged_value_error("density", "no shares, or shares below 0")
        weights = weights / weights.sum()
        means = read_array(fields.get("means"), (len(weights), latent_dim), "density")
        if "factors" in fields:
            lower_triangle = np.tril_indices(latent_dim)
            factors = np.zeros((len(weights), latent_dim, latent_dim))
            factors[:, *lower_triangle] = read_array(
                fields["factors"], (len(weights), len(lower_triangle[0])), "density"
            )
            return cls.of_factors(weights, means, factors)
        variances = read_array(fields.get("variances"), (len(weights), latent_dim), "density")
        if variances.min() < 0:
            raise damaged_value_error("density", "variances below 0")
        return cls(weights, means, variances)


@dataclass(frozen=True)
class Denoising:
    """How a diffusion model turns noise into images.

    Attributes:
        steps: number of denoising steps.
        guidance: scale of classifier-free guidance (arXiv:2207.12598); 1 turns it off.
        label: name of the class to generate; "" for none.
    """

    steps: int = 25
    guidance: float = 1.0
    label: str = ""


@dataclass(frozen=True)
class Generator:
    """A loaded generator.

    Attributes:
        name: name of the model.
        digest: SHA-256 of its weights, for recipes.
        latent_dim: length of a latent vector, with its class.
        size: side of its images in px.
        decode: `(n, latent_dim) float32` -> `(n, size, size, 3) uint8`; gray images have three equal
            channels.
        directions: directions by name.
        density: density of its latents; None for the standard normal distribution.
        encode: `(n, size, size, 3) uint8`, progress -> `(n, latent_dim) float32`, with the class that fits
            best: the encoder of a VAE, or GAN inversion, which takes seconds per image; None for a diffusion
            model.
        encoder_weights: names of the pretrained weights that `encode` needs.
        reconstruction_error: root-mean-square reconstruction error of test images, 0 to 255; None if unknown.
        denoise: of a diffusion model, whose latents are noise: `(n, latent_dim) float32` -> for each step the
            noisy images and the clean ones that the model predicts, last the result, each
            `(n, size, size, 3) uint8`; None for other models.
        classes: names of the classes: those that `denoise` accepts, or those of the latents, see `class_dim`.
    """

    name: str
    digest: str
    latent_dim: int
    size: int
    decode: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    directions: Mapping[str, Direction] = field(default_factory=dict, repr=False)
    density: Mixture | None = field(default=None, repr=False)
    encode: Callable[[np.ndarray, Progress], np.ndarray] | None = field(default=None, repr=False)
    encoder_weights: tuple[str, ...] = ()
    reconstruction_error: float | None = None
    denoise: Callable[[np.ndarray, Denoising], Iterator[tuple[np.ndarray, np.ndarray]]] | None = field(
        default=None, repr=False
    )
    classes: tuple[str, ...] = ()

    @property
    def class_dim(self) -> int:
        """Length of the class at the end of a latent vector; 0 for most models."""
        return len(self.classes) if self.denoise is None else 0


def read(data: Mapping[str, Any], latent_dim: int) -> tuple[dict[str, Direction], Mixture | None]:
    """Reads the directions and the density from `data` of a model's settings.json.

    Raises:
        InvalidInput: if they are not values that `to_json` returned.
    """
    directions = {
        name: Direction.read(value, latent_dim) for name, value in read_direction_values(data).items()
    }
    density = data.get("density")
    return directions, None if density is None else Mixture.read(density, latent_dim)


def append_classes(z: np.ndarray, labels: np.ndarray | None, class_count: int) -> np.ndarray:
    """Appends one-hot classes to latents: `(n, d)` and `(n,) int` -> `(n, d + class_count) float32`.

    Without classes, only converts the latents.
    """
    if not class_count:
        return z.astype("float32", copy=False)
    return np.concatenate([z, np.eye(class_count, dtype="float32")[labels]], axis=1, dtype="float32")


def append_classes_in_turn(z: np.ndarray, class_count: int) -> np.ndarray:
    """Appends one-hot classes that follow one another, see `append_classes`."""
    return append_classes(z, np.arange(len(z)) % max(1, class_count), class_count)


def pad_directions(directions: Mapping[str, Direction], class_count: int) -> dict[str, Direction]:
    """Extends directions to latents that end with a one-hot class, which they do not change."""
    return {
        name: replace(direction, vector=np.pad(direction.vector, (0, class_count)))
        for name, direction in directions.items()
    }


def sample(generator: Generator, count: int, seed: int, truncation: float = 1.0) -> np.ndarray:
    """Samples latents of a generator; the first samples do not depend on `count`.

    The classes follow one another, so a grid as wide as their number has a column for each; `set_class`
    selects one.

    Args:
        generator: the generator.
        count: number of samples.
        seed: seed of the samples.
        truncation: scale of the distance from the mean. 1 samples the learned distribution; lower values give
            more typical images, 0 the mean.

    Returns:
        `(n, latent_dim) float32`.
    """
    rng = np.random.default_rng(seed)
    if generator.density is not None:
        z = generator.density.sample(count, rng, truncation)
    else:
        z = rng.standard_normal((count, generator.latent_dim - generator.class_dim))
        z *= truncation  # in place, because the noise of a diffusion model is large
    return append_classes_in_turn(z, generator.class_dim)


def set_class(generator: Generator, z: np.ndarray, name: str) -> np.ndarray:
    """Sets the class of latents, `(n, latent_dim)`; "", or a model without classes there, changes nothing."""
    if not name or not generator.class_dim:
        return z
    return set_labels(generator, z, np.full(len(z), generator.classes.index(name)))


def set_labels(generator: Generator, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sets the class of each latent vector: `(n, latent_dim)`, `(n,) int`. See `Generator.class_dim`."""
    return append_classes(z[:, : -generator.class_dim], labels, generator.class_dim)


def sample_near(
    generator: Generator,
    z: np.ndarray,
    count: int,
    seed: int | Sequence[int],
    spread: float,
    truncation: float = 1.0,
) -> np.ndarray:
    """Samples latents near one, which comes first. All have its class.

    With truncation 1, their distance from the mean is similar.

    Args:
        generator: the generator.
        z: latent vector, `(latent_dim,)`.
        count: number of latents.
        seed: seed of the samples.
        spread: share of noise, from 0 (all equal `z`) to 1 (independent of `z`).
        truncation: scale of the noise, see `sample`.

    Returns:
        `(n, latent_dim) float32`.
    """
    density = generator.density
    mean, deviation = (density.mean, density.deviation) if density is not None else (0.0, 1.0)
    length = generator.latent_dim - generator.class_dim
    noise = np.random.default_rng(seed).standard_normal((max(0, count - 1), length))
    center = mean + np.sqrt(1 - spread**2) * (z[:length] - mean)
    near = np.repeat(z[None].astype("float32"), len(noise) + 1, axis=0)
    near[1:, :length] = center + spread * truncation * deviation * noise
    return near[:count]


def move_along(generator: Generator, z: np.ndarray, amounts: Mapping[str, float]) -> np.ndarray:
    """Moves latents along directions.

    Args:
        generator: the generator.
        z: latents, `(n, latent_dim)`.
        amounts: amounts by direction name; 1 is about the usual difference of two images.

    Returns:
        `(n, latent_dim) float32`.

    Raises:
        InvalidInput: if the generator has no such direction; lists its directions.
    """
    result = np.array(z, "float32")
    for name, amount in amounts.items():
        if name not in generator.directions:
            raise unknown("direction", name, generator.directions)
        result = result + np.float32(amount) * generator.directions[name].vector
    return result


def lerp(start: np.ndarray, end: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Interpolates linearly between two latents; see `slerp` for the arguments."""
    position = np.asarray(t, "float64")[..., None]
    return ((1 - position) * start + position * end).astype("float32")


def slerp(start: np.ndarray, end: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Interpolates between two latents along an arc, and linearly in length.

    Samples of a normal distribution lie near a sphere, whose interior a straight line would cross.

    Args:
        start, end: `(latent_dim,)`.
        t: position from 0 (start) to 1 (end), a number or an array `(n,)`.

    Returns:
        `(n, latent_dim) float32`, or `(latent_dim,)` for a number.

    Reference:
        White 2016, arXiv:1609.04468.
    """
    first, last = np.asarray(start, "float64"), np.asarray(end, "float64")
    lengths = np.linalg.norm(first), np.linalg.norm(last)
    if not min(lengths):
        return lerp(start, end, t)
    first_unit, last_unit = first / lengths[0], last / lengths[1]
    angle = np.arccos(np.clip(first_unit @ last_unit, -1, 1))
    if not _MIN_ANGLE < angle < np.pi - _MIN_ANGLE:
        return lerp(start, end, t)
    position = np.asarray(t, "float64")[..., None]
    arc = (np.sin((1 - position) * angle) * first_unit + np.sin(position * angle) * last_unit) / np.sin(angle)
    return (arc * ((1 - position) * lengths[0] + position * lengths[1])).astype("float32")


def morph(generator: Generator, start: np.ndarray, end: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Interpolates between two latents: by `slerp`, and linearly between their classes.

    See `slerp` for the other arguments.
    """
    length = generator.latent_dim - generator.class_dim
    z = slerp(start[:length], end[:length], t)
    return np.concatenate([z, lerp(start[length:], end[length:], t)], axis=-1)


def interpolate(generator: Generator, points: np.ndarray, frames: int) -> np.ndarray:
    """Interpolates through latents in a closed loop, with easing at each of them.

    Args:
        generator: the generator.
        points: `(k, latent_dim)`, at least one.
        frames: number of frames, spread evenly; the loop closes from the last to the first.

    Returns:
        `(frames, latent_dim) float32`.
    """
    count = len(points)
    position = np.arange(frames) * count / frames
    segments = np.floor(position).astype(int)
    fraction = position - segments
    eased_position = fraction * fraction * (3 - 2 * fraction)
    path = np.empty((frames, points.shape[1]), "float32")
    for index in range(count):
        in_segment = segments == index
        path[in_segment] = morph(
            generator, points[index], points[(index + 1) % count], eased_position[in_segment]
        )
    return path
