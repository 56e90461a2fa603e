"""A restricted Boltzmann machine of binary pixels and binary hidden units.

References:
    Tieleman 2008, Training restricted Boltzmann machines using approximations to the likelihood gradient
        (persistent contrastive divergence).
    Hinton 2010, A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

import numpy as np

from studio.core.layers.activations import sigmoid
from studio.lab.schedule import compute_rate_factor
from studio.lab.settings import PIXELS, BoltzmannSettings

_WEIGHTS, _BATCHES, _PARTICLES = 2, 3, 4
_MOMENTUM = np.float32(0.5)
_DECAY = 1e-4  # weight decay per step, times the learning rate: keeps the chains mixing


class Boltzmann:
    """A restricted Boltzmann machine. Weights are zero until `initialize`.

    Attributes:
        kernel: `(PIXELS, units) float32`.
        visible_bias, hidden_bias: biases of the pixels and of the hidden units.
    """

    def __init__(self, settings: BoltzmannSettings):
        self.settings = settings
        self.kernel = np.zeros((PIXELS, settings.units), "float32")
        self.visible_bias = np.zeros(PIXELS, "float32")
        self.hidden_bias = np.zeros(settings.units, "float32")

    def initialize(self, digits: np.ndarray, rng: np.random.Generator) -> None:
        """Draws the weights, with pixel biases that give the mean of these digits."""
        self.kernel[:] = rng.normal(size=self.kernel.shape) * 0.01
        self.hidden_bias[:] = 0
        mean = np.clip(digits.mean(axis=0), 0.01, 0.99)
        self.visible_bias[:] = np.log(mean / (1 - mean))

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return self.kernel.size + self.visible_bias.size + self.hidden_bias.size

    def compute_unit_probabilities(self, pixels: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Returns the probability that each unit is on: `(n, PIXELS)` -> `(n, units) float32`."""
        return sigmoid((pixels @ self.kernel + self.hidden_bias) / np.float32(temperature))

    def compute_pixel_probabilities(self, units: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Returns the probability that each pixel is on: `(n, units)` -> `(n, PIXELS) float32`."""
        return sigmoid((units @ self.kernel.T + self.visible_bias) / np.float32(temperature))

    def compute_free_energy(self, pixels: np.ndarray) -> np.ndarray:
        """Computes the free energy of images, `(n, PIXELS)` -> `(n,)`, in nats; lower is more probable."""
        return -(pixels @ self.visible_bias) - np.logaddexp(0, pixels @ self.kernel + self.hidden_bias).sum(
            axis=1
        )

    def compute_pseudo_likelihood(self, pixels: np.ndarray) -> float:
        """Computes the mean pseudo log-likelihood of images, in nats; the maximum is 0.

        Args:
            pixels: `(n, PIXELS)`, each 0 or 1.
        """
        sums = pixels @ self.kernel + self.hidden_bias
        softplus = np.logaddexp(0, sums)
        total = np.zeros(len(pixels))
        for n in range(len(self.visible_bias)):
            flip = 1 - 2 * pixels[:, n]
            flipped_softplus = np.logaddexp(0, sums + flip[:, None] * self.kernel[n])
            gain = (flipped_softplus - softplus).sum(axis=1) + flip * self.visible_bias[n]
            total -= np.logaddexp(0, gain)
        return float(total.mean())

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The parameters, by name."""
        return {"kernel": self.kernel, "visible": self.visible_bias, "hidden": self.hidden_bias}


class BoltzmannTrainer:
    """Trains a machine by persistent contrastive divergence.

    Args:
        digits: `(n, PIXELS) float32` in [0, 1], the probability that each pixel is on.
        settings: of the machine and its training.

    Attributes:
        particles: states of the persistent chains, `(batch, PIXELS)`.
        error: mean absolute reconstruction error of a recent batch, 0 to 255.
    """

    def __init__(self, digits: np.ndarray, settings: BoltzmannSettings):
        self._digits, self._settings = digits, settings
        self.network = Boltzmann(settings)
        self.network.initialize(digits, self._make_rng(_WEIGHTS))
        self._batch_rng, self._chain_rng = self._make_rng(_BATCHES), self._make_rng(_PARTICLES)
        first_digits = digits[self._chain_rng.integers(0, len(digits), settings.batch)]
        self.particles = sample(first_digits, self._chain_rng)
        self._velocities = [
            np.zeros_like(weight)
            for weight in (self.network.kernel, self.network.visible_bias, self.network.hidden_bias)
        ]
        self.steps = 0
        self.error = 0.0

    def _make_rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Trains on one batch; updates `error` every eighth step."""
        settings, network = self._settings, self.network
        rows = self._batch_rng.integers(0, len(self._digits), settings.batch)
        digits = sample(self._digits[rows], self._batch_rng)
        units = network.compute_unit_probabilities(digits)
        particle_units = network.compute_unit_probabilities(self.particles)
        rate = np.float32(settings.learning_rate * compute_rate_factor(self.steps, settings.planned_steps))
        gradients = (
            (digits.T @ units - self.particles.T @ particle_units) / np.float32(len(digits)),
            digits.mean(axis=0) - self.particles.mean(axis=0),
            units.mean(axis=0) - particle_units.mean(axis=0),
        )
        network.kernel *= np.float32(1) - rate * np.float32(_DECAY)
        weights = (network.kernel, network.visible_bias, network.hidden_bias)
        for weight, velocity, gradient in zip(weights, self._velocities, gradients, strict=True):
            velocity *= _MOMENTUM
            velocity += rate * gradient
            weight += velocity
        probabilities = network.compute_pixel_probabilities(
            sample(network.compute_unit_probabilities(self.particles), self._chain_rng)
        )
        self.particles = sample(probabilities, self._chain_rng)
        if self.steps % 8 == 0:
            self.error = float(np.abs(network.compute_pixel_probabilities(units) - digits).mean()) * 255
        self.steps += 1


def sample(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Samples 0 or 1 for each probability, `float32`."""
    return (rng.random(probabilities.shape, "float32") < probabilities).astype("float32")
