"""What the network is told of a place in the image: its two coordinates, and waves of them.

A network learns what changes slowly first, and what changes fast hardly ever: of two coordinates alone it
makes a blur. Waves of many lengths and directions let it tell neighbors apart.

Reference:
    Tancik et al. 2020, Fourier Features Let Networks Learn High Frequency Functions, arXiv:2006.10739.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED = 1  # apart from the stream of the weights, so that turning one control changes only what it says


@dataclass(frozen=True)
class Inputs:
    """Turns places into what the network is given.

    Attributes:
        frequencies: `(2, waves) float32`, of each wave along and across, in waves over the longer side.
        scale, shift: of the two coordinates, which are in [0, 1] along the longer side.
    """

    frequencies: np.ndarray
    scale: float
    shift: float

    @property
    def count(self) -> int:
        """How many numbers the network is given for each place."""
        return 2 + 2 * self.frequencies.shape[1]

    def of(self, places: np.ndarray) -> np.ndarray:
        """`(N, 2) float32`, each (x, y) in [0, 1] along the longer side -> `(N, count) float32`."""
        fourier_features = self.frequencies.shape[1]
        told = np.empty((len(places), self.count), "float32")
        told[:, :2] = places * np.float32(self.scale) + np.float32(self.shift)
        if fourier_features:
            angle = places @ (np.float32(2 * np.pi) * self.frequencies)
            np.sin(angle, out=told[:, 2 : 2 + fourier_features])
            np.cos(angle, out=told[:, 2 + fourier_features :])
        return told


def inputs(fourier_features: int, fourier_scale: float, coordinates: str, longest: int, seed: int) -> Inputs:
    """The inputs that some settings ask for.

    Args:
        waves: how many.
        fineness: the spread of their frequencies.
        coordinates: "centered" for -1 to 1, "from_zero" for 0 to 1, "pixels" for 0 to `longest`.
        longest: the longer side in px at which the image is learned.
        seed: of the frequencies.
    """
    drawn = np.random.default_rng([seed, SEED]).normal(size=(2, fourier_features)) * fourier_scale
    scale, shift = {"centered": (2, -1), "from_zero": (1, 0), "pixels": (longest, 0)}[coordinates]
    return Inputs(drawn.astype("float32"), scale, shift)


def places(height: int, width: int, first: int = 0, last: int | None = None) -> np.ndarray:
    """The middles of the pixels of some rows: `((last - first) * width, 2) float32`, (x, y) in [0, 1].

    The longer side spans [0, 1], so that waves are as long across as along.
    """
    rows = np.arange(first, height if last is None else last, dtype="float32")
    x, y = np.meshgrid(np.arange(width, dtype="float32") + 0.5, rows + 0.5)
    return (np.stack([x, y], axis=-1) / np.float32(max(height, width))).reshape(-1, 2)
