"""Trains a network on a photo step by step, with snapshots between steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from studio.core.imaging import image_io
from studio.core.layers.network import Network
from studio.core.layers.optimizers import Optimizer
from studio.playground import losses
from studio.playground.inputs import make_position_encoding, pixel_positions
from studio.playground.settings import PlaygroundSettings

# Separate random streams, so that settings do not affect each other.
_WEIGHTS, _SPLIT, _BATCHES, _DROPOUT = 2, 3, 4, 5
_GRADIENT_PIXELS = 1024  # pixels whose gradient a snapshot computes
_MAX_VALUES = 4_000_000  # values of a layer in memory at once: 16 MB


class Diverged(Exception):
    """Training diverged; the network has its last finite weights."""


@dataclass(frozen=True)
class Snapshot:
    """The state of a network.

    Attributes:
        image: its current output at the training size, `(H, W, 3) uint8`.
        learned, held_out: loss on training and held-out pixels; None without held-out pixels.
        psnr_learned, psnr_held_out: peak signal-to-noise ratios in dB.
        gradients: root mean square of the weights' gradient per layer, from the first.
        values: root mean square of the activations per hidden layer.
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
        """All values by name; those of layers end in the layer's number, from 1."""
        metrics = {"training": self.learned, "psnr_learned": self.psnr_learned}
        if self.held_out is not None and self.psnr_held_out is not None:
            metrics |= {"validation": self.held_out, "psnr_held_out": self.psnr_held_out}
        metrics |= {f"gradient_{n}": size for n, size in enumerate(self.gradients, 1)}
        return metrics | {f"value_{n}": size for n, size in enumerate(self.values, 1)}


class Learner:
    """A network and its training.

    Args:
        photo: `(H, W, 3) uint8`.
        settings: of the network and its training.
    """

    def __init__(self, photo: np.ndarray, settings: PlaygroundSettings):
        small = image_io.fit(photo, settings.detail)
        self._size = small.shape[:2]
        self._settings = settings
        self._encoding = make_position_encoding(
            settings.fourier_features,
            settings.fourier_scale,
            settings.coordinates,
            settings.detail,
            settings.seed,
        )
        self._features = self._encoding.encode(pixel_positions(*self._size))
        self._targets = (small.reshape(-1, 3) / 255).astype("float32")
        self._train_rows, self._held_out_rows = _split_pixels(
            len(self._features), settings.held_out, self._make_rng(_SPLIT)
        )
        self.network = Network(settings.shape, settings.activation)
        self.network.initialize(settings.initializer, self._make_rng(_WEIGHTS))
        self._flat_gradient = np.zeros_like(self.network.weights)
        self._gradients = self.network.split_layers(self._flat_gradient)
        self._last_weights = self.network.weights.copy()
        self._optimizer = Optimizer(
            settings.optimizer, self._flat_gradient.size, settings.learning_rate, settings.weight_decay
        )
        self._batches, self._dropout = self._make_rng(_BATCHES), self._make_rng(_DROPOUT)
        self.steps = 0

    def _make_rng(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, stream])

    def step(self) -> None:
        """Trains on one batch. Raises `Diverged` if the loss is not finite."""
        rows = self._train_rows[self._batches.integers(0, len(self._train_rows), self._settings.batch)]
        with np.errstate(over="ignore", invalid="ignore"):
            loss = self._backward(rows, self._settings.dropout)
            if not np.isfinite(loss):
                self._restore_weights_and_raise()
            self._last_weights[:] = self.network.weights
            self._optimizer.step(self.network.weights, self._flat_gradient)
        self.steps += 1

    def _restore_weights_and_raise(self) -> NoReturn:
        """Restores the last finite weights and raises `Diverged`."""
        self.network.weights[:] = self._last_weights
        self.steps = max(0, self.steps - 1)
        raise Diverged

    def _backward(self, rows: np.ndarray, dropout: float = 0.0) -> float:
        """Computes the loss of some pixels and stores its gradient."""
        targets = self._targets[rows]
        activations = self.network.forward(self._features[rows], dropout, self._dropout)
        colors = losses.to_colors(self._settings.loss, activations.sums[-1])
        slopes = losses.compute_gradient(self._settings.loss, colors, targets)
        self.network.backward(activations, slopes, self._gradients)
        self._values = [_root_mean_square(value) for value in activations.values[1:]]
        return losses.compute_loss(self._settings.loss, colors, targets)

    def take_snapshot(self) -> Snapshot:
        """Takes a snapshot without changing the network. Raises like `step`."""
        with np.errstate(over="ignore", invalid="ignore"):
            colors = self._compute_colors(self._features)
            if not np.isfinite(colors).all() and not np.array_equal(self.network.weights, self._last_weights):
                self._restore_weights_and_raise()
            self._backward(self._train_rows[:: max(1, len(self._train_rows) // _GRADIENT_PIXELS)])
            loss, psnr = self._measure(colors, self._train_rows)
            held_out = (
                self._measure(colors, self._held_out_rows) if len(self._held_out_rows) else (None, None)
            )
            gradients = [_root_mean_square(layer.kernel) for layer in self._gradients]
            image = _to_uint8(colors).reshape(*self._size, 3)
            return Snapshot(image, loss, held_out[0], psnr, held_out[1], gradients, self._values)

    def _measure(self, colors: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
        """Returns the loss and the PSNR in dB of some pixels."""
        loss = losses.compute_loss(self._settings.loss, colors[rows], self._targets[rows])
        return _limit_to_finite(loss), losses.compute_psnr(colors[rows], self._targets[rows])

    def _compute_colors(self, features: np.ndarray) -> np.ndarray:
        return losses.to_colors(self._settings.loss, self.network.predict(features))

    def render(
        self, height: int, width: int, after: Callable[[int], None] = lambda _rows: None
    ) -> np.ndarray:
        """Renders an image of any size, in rows, which bounds memory.

        Args:
            after: called after every few rows with the number of rows done.

        Returns:
            `(height, width, 3) uint8`.
        """
        image = np.empty((height, width, 3), "uint8")
        rows = max(1, _MAX_VALUES // (max(self.network.shape) * width))
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, height, rows):
                last = min(height, first + rows)
                features = self._encoding.encode(pixel_positions(height, width, first, last))
                image[first:last] = _to_uint8(self._compute_colors(features)).reshape(-1, width, 3)
                after(last)
        return image


def _split_pixels(count: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices of training pixels, at least one, and of held-out pixels."""
    order = rng.permutation(count)
    held_out = min(count - 1, round(count * share))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def _to_uint8(colors: np.ndarray) -> np.ndarray:
    """Converts colors from `float32` to `uint8`."""
    return (np.clip(np.nan_to_num(colors), 0, 1) * 255 + 0.5).astype("uint8")


def _root_mean_square(values: np.ndarray) -> float:
    """Returns the root mean square, or the largest float32 if it is not finite."""
    return _limit_to_finite(float(np.sqrt(np.mean(np.square(values, dtype="float64")))))


def _limit_to_finite(value: float) -> float:
    """Returns the value, or the largest float32 if it is not finite."""
    return value if np.isfinite(value) else float(np.finfo("float32").max)
