"""One network that learns one photo, a step at a time, and can be looked at between any two steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from studio.core.imaging import image_io
from studio.core.layers.network import Network
from studio.core.layers.optimizers import Optimizer
from studio.playground import losses
from studio.playground.inputs import inputs, places
from studio.playground.settings import PlaygroundSettings

# streams of random numbers, so that controls do not share one
_WEIGHTS, _SPLIT, _BATCHES, _DROPOUT = 2, 3, 4, 5
_LOOKED_AT = 1024  # pixels whose gradient is shown
_AT_ONCE = 4_000_000  # numbers of a layer that are in memory at once: 16 MB


class RanAway(Exception):
    """The weights have outgrown all numbers; the network has those of the last step that had some."""


@dataclass(frozen=True)
class Look:
    """What there is to see of a network.

    Attributes:
        image: as it is painted now, at the size at which it is learned, `(H, W, 3) uint8`.
        learned, held_out: the loss of the pixels that it learns from, and of the others; None without any.
        psnr_learned, psnr_held_out: the same as a peak signal-to-noise ratio, in dB.
        gradients: of the weights of each layer, the first first, the root of their mean square.
        values: of what each hidden layer hands on, the same.
    """

    image: np.ndarray
    learned: float
    held_out: float | None
    psnr_learned: float
    psnr_held_out: float | None
    gradients: list[float]
    values: list[float]

    @property
    def metrics(self) -> dict[str, float]:
        """All of it as named figures; a layer's end in its number, from 1."""
        told = {"learned": self.learned, "psnr_learned": self.psnr_learned}
        if self.held_out is not None and self.psnr_held_out is not None:
            told |= {"held out": self.held_out, "psnr_held_out": self.psnr_held_out}
        told |= {f"gradient_{n}": size for n, size in enumerate(self.gradients, 1)}
        return told | {f"value_{n}": size for n, size in enumerate(self.values, 1)}


class Learner:
    """Args:
    photo: `(H, W, 3) uint8`.
    settings: of the network and its learning.
    """

    def __init__(self, photo: np.ndarray, settings: PlaygroundSettings):
        small = image_io.fit(photo, settings.detail)
        self._size = small.shape[:2]
        self._settings = settings
        self._inputs = inputs(
            settings.fourier_features,
            settings.fourier_scale,
            settings.coordinates,
            settings.detail,
            settings.seed,
        )
        self._told = self._inputs.of(places(*self._size))
        self._wanted = (small.reshape(-1, 3) / 255).astype("float32")
        self._learned, self._held_out = _split(len(self._told), settings.held_out, self._rng(_SPLIT))
        self.network = Network(settings.shape, settings.activation)
        self.network.initialize(settings.initializer, self._rng(_WEIGHTS))
        self._flat = np.zeros_like(self.network.weights)
        self._gradients = self.network.views(self._flat)
        self._good = self.network.weights.copy()
        self._optimizer = Optimizer(
            settings.optimizer, self._flat.size, settings.learning_rate, settings.weight_decay
        )
        self._batches, self._dropout = self._rng(_BATCHES), self._rng(_DROPOUT)
        self.steps = 0

    def _rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Learns from one batch. Raises `RanAway` once there is no telling how wrong the network is."""
        chosen = self._learned[self._batches.integers(0, len(self._learned), self._settings.batch)]
        with np.errstate(over="ignore", invalid="ignore"):
            loss = self._go_back(chosen, self._settings.dropout)
            if not np.isfinite(loss):
                self._give_up()
            self._good[:] = self.network.weights
            self._optimizer.step(self.network.weights, self._flat)
        self.steps += 1

    def _give_up(self) -> NoReturn:
        self.network.weights[:] = self._good
        self.steps = max(0, self.steps - 1)
        raise RanAway

    def _go_back(self, chosen: np.ndarray, dropout: float = 0.0) -> float:
        """The loss of some pixels; leaves the gradient behind."""
        wanted = self._wanted[chosen]
        found = self.network.forward(self._told[chosen], dropout, self._dropout)
        colors = losses.painted(self._settings.loss, found.sums[-1])
        self.network.backward(found, losses.gradient(self._settings.loss, colors, wanted), self._gradients)
        self._values = [_size(value) for value in found.values[1:]]
        return losses.value(self._settings.loss, colors, wanted)

    def look(self) -> Look:
        """Looks at the network without changing it. Raises as `step`."""
        with np.errstate(over="ignore", invalid="ignore"):
            colors = self._colors(self._told)
            if not np.isfinite(colors).all() and not np.array_equal(self.network.weights, self._good):
                self._give_up()
            self._go_back(self._learned[:: max(1, len(self._learned) // _LOOKED_AT)])
            learned, others = self._learned, self._held_out
            loss, wanted = self._settings.loss, self._wanted
            return Look(
                _shown(colors).reshape(*self._size, 3),
                _number(losses.value(loss, colors[learned], wanted[learned])),
                _number(losses.value(loss, colors[others], wanted[others])) if len(others) else None,
                losses.psnr(colors[learned], wanted[learned]),
                losses.psnr(colors[others], wanted[others]) if len(others) else None,
                [_size(layer.kernel) for layer in self._gradients],
                self._values,
            )

    def _colors(self, told: np.ndarray) -> np.ndarray:
        return losses.painted(self._settings.loss, self.network.answer(told))

    def paint(self, height: int, width: int, after: Callable[[int], None] = lambda _rows: None) -> np.ndarray:
        """Asks the network for an image of any size, row by row, so that memory does not grow with it.

        Args:
            after: called after every few rows with how many there are.

        Returns:
            `(height, width, 3) uint8`.
        """
        image = np.empty((height, width, 3), "uint8")
        rows = max(1, _AT_ONCE // (max(self.network.shape) * width))
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, height, rows):
                last = min(height, first + rows)
                told = self._inputs.of(places(height, width, first, last))
                image[first:last] = _shown(self._colors(told)).reshape(-1, width, 3)
                after(last)
        return image


def _split(count: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the pixels that are learned, at least one, and of those that are held out."""
    order = rng.permutation(count)
    held_out = min(count - 1, round(count * share))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _shown(colors: np.ndarray) -> np.ndarray:
    """Colors as a screen has them: `float32` -> `uint8`."""
    return (np.clip(np.nan_to_num(colors), 0, 1) * 255 + 0.5).astype("uint8")


def _size(values: np.ndarray) -> float:
    """The root of the mean square."""
    return _number(float(np.sqrt(np.mean(np.square(values, dtype="float64")))))


def _number(value: float) -> float:
    """The value; of one beyond all numbers the largest that a weight can have."""
    return value if np.isfinite(value) else float(np.finfo("float32").max)
