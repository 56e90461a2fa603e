"""A restricted Boltzmann machine: pixels and hidden units, on or off, and how well each suits each.

References:
    Tieleman 2008, Training restricted Boltzmann machines using approximations to the likelihood gradient,
        which is persistent contrastive divergence.
    Hinton 2010, A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

import numpy as np

from studio.core.layers.activations import sigmoid
from studio.lab.settings import PIXELS, BoltzmannSettings
from studio.lab.speed import speed

_WEIGHTS, _BATCHES, _DREAMS = 2, 3, 4
_MOMENTUM = np.float32(0.5)
_DECAY = 1e-4  # of weights, at each step, times the rate: keeps the chain moving


class Boltzmann:
    """The machine.

    Attributes:
        kernel: `(PIXELS, units) float32`.
        visible, hidden: how much each pixel, and each unit, is on by itself.
    """

    def __init__(self, settings: BoltzmannSettings):
        self.settings = settings
        self.kernel = np.zeros((PIXELS, settings.units), "float32")
        self.visible = np.zeros(PIXELS, "float32")
        self.hidden = np.zeros(settings.units, "float32")

    def initialize(self, digits: np.ndarray, rng: np.random.Generator) -> None:
        """Draws its weights, so that without them each pixel is on as often as in these digits."""
        self.kernel[:] = rng.normal(size=self.kernel.shape) * 0.01
        self.hidden[:] = 0
        mean = np.clip(digits.mean(axis=0), 0.01, 0.99)
        self.visible[:] = np.log(mean / (1 - mean))

    @property
    def parameters(self) -> int:
        """How many numbers it learns."""
        return self.kernel.size + self.visible.size + self.hidden.size

    def of_pixels(self, pixels: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """`(n, PIXELS)` -> the chance that each unit is on, `(n, units) float32`."""
        return sigmoid((pixels @ self.kernel + self.hidden) / np.float32(temperature))

    def of_units(self, units: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """`(n, units)` -> the chance that each pixel is on, `(n, PIXELS) float32`."""
        return sigmoid((units @ self.kernel.T + self.visible) / np.float32(temperature))

    def energy(self, pixels: np.ndarray) -> np.ndarray:
        """The free energy of images, `(n, PIXELS)` -> `(n,)`, in nats: the lower, the likelier."""
        return -(pixels @ self.visible) - np.logaddexp(0, pixels @ self.kernel + self.hidden).sum(axis=1)

    def pseudo_likelihood(self, pixels: np.ndarray) -> float:
        """The mean log likelihood of an image, each pixel given all others, in nats: 0 would be certainty.

        Args:
            pixels: `(n, PIXELS)`, each 0 or 1.
        """
        sums = pixels @ self.kernel + self.hidden
        kept = np.logaddexp(0, sums)
        total = np.zeros(len(pixels))
        for number in range(len(self.visible)):
            turn = 1 - 2 * pixels[:, number]
            turned = np.logaddexp(0, sums + turn[:, None] * self.kernel[number])
            gain = (turned - kept).sum(axis=1) + turn * self.visible[number]
            total -= np.logaddexp(0, gain)
        return float(total.mean())

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What it has learned, by its name."""
        return {"kernel": self.kernel, "visible": self.visible, "hidden": self.hidden}


class BoltzmannTeacher:
    """Trains a machine by persistent contrastive divergence: digits get likelier, its own dreams rarer.

    Args:
        digits: `(n, PIXELS) float32` in [0, 1], each pixel the chance that it is on.
        settings: of the machine and its training.
    """

    def __init__(self, digits: np.ndarray, settings: BoltzmannSettings):
        self._digits, self._settings = digits, settings
        self.network = Boltzmann(settings)
        self.network.initialize(digits, self._rng(_WEIGHTS))
        self._batches, self._dreaming = self._rng(_BATCHES), self._rng(_DREAMS)
        first = digits[self._dreaming.integers(0, len(digits), settings.batch)]
        self.dreams = on(first, self._dreaming)
        self._moves = [
            np.zeros_like(one) for one in (self.network.kernel, self.network.visible, self.network.hidden)
        ]
        self.steps = 0
        self.off = 0.0

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Learns from one batch; `off` then says by how many levels it misses it when it draws it again."""
        settings, network = self._settings, self.network
        chosen = self._batches.integers(0, len(self._digits), settings.batch)
        digits = on(self._digits[chosen], self._batches)
        units = network.of_pixels(digits)
        of_dreams = network.of_pixels(self.dreams)
        rate = np.float32(settings.learning_rate * speed(self.steps, settings.planned))
        pulls = (
            (digits.T @ units - self.dreams.T @ of_dreams) / np.float32(len(digits)),
            digits.mean(axis=0) - self.dreams.mean(axis=0),
            units.mean(axis=0) - of_dreams.mean(axis=0),
        )
        network.kernel *= np.float32(1) - rate * np.float32(_DECAY)
        weights = (network.kernel, network.visible, network.hidden)
        for weight, move, pull in zip(weights, self._moves, pulls, strict=True):
            move *= _MOMENTUM
            move += rate * pull
            weight += move
        chance = network.of_units(on(network.of_pixels(self.dreams), self._dreaming))
        self.dreams = on(chance, self._dreaming)
        self.off = (
            float(np.abs(network.of_units(units) - digits).mean()) * 255 if not self.steps % 8 else self.off
        )
        self.steps += 1


def on(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which of them are on: 0 or 1 for each chance, `float32`."""
    return (rng.random(chances.shape, "float32") < chances).astype("float32")
