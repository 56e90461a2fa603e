"""Input features of the network: the two coordinates of a pixel, and Fourier features of them.

Networks learn low frequencies first and high frequencies hardly at all: from two coordinates alone they give
a blur. Fourier features of many frequencies and directions separate neighboring pixels.

Reference:
    Tancik et al. 2020, Fourier Features Let Networks Learn High Frequency Functions, arXiv:2006.10739.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RANDOM_STREAM = 1  # random stream separate from the weights, so that a setting changes nothing else


@dataclass(frozen=True)
class PositionEncoding:
    """Encodes pixel positions as input features.

    Attributes:
        frequencies: `(2, n) float32`, horizontal and vertical frequency, in cycles per longer side.
        scale, shift: applied to the coordinates, which are in [0, 1] along the longer side.
    """

    frequencies: np.ndarray
    scale: float
    shift: float

    @property
    def count(self) -> int:
        """Number of features per position."""
        return 2 + 2 * self.frequencies.shape[1]

    def encode(self, positions: np.ndarray) -> np.ndarray:
        """Encodes `(N, 2) float32`, (x, y) in [0, 1] along the longer side, as `(N, count) float32`."""
        fourier_features = self.frequencies.shape[1]
        features = np.empty((len(positions), self.count), "float32")
        features[:, :2] = positions * np.float32(self.scale) + np.float32(self.shift)
        if fourier_features:
            angle = positions @ (np.float32(2 * np.pi) * self.frequencies)
            np.sin(angle, out=features[:, 2 : 2 + fourier_features])
            np.cos(angle, out=features[:, 2 + fourier_features :])
        return features


def make_position_encoding(
    fourier_features: int, fourier_scale: float, coordinates: str, longest: int, seed: int
) -> PositionEncoding:
    """Builds the encoding for the settings.

    Args:
        fourier_features: number of frequencies.
        fourier_scale: standard deviation of the frequencies.
        coordinates: "centered" for -1 to 1, "from_zero" for 0 to 1, "pixels" for 0 to `longest`.
        longest: longer side of the training image in px.
        seed: of the frequencies.
    """
    rng = np.random.default_rng([seed, RANDOM_STREAM])
    frequencies = rng.normal(size=(2, fourier_features)) * fourier_scale
    scale, shift = {"centered": (2, -1), "from_zero": (1, 0), "pixels": (longest, 0)}[coordinates]
    return PositionEncoding(frequencies.astype("float32"), scale, shift)


def pixel_positions(height: int, width: int, first: int = 0, last: int | None = None) -> np.ndarray:
    """Returns the centers of the pixels of some rows: `((last - first) * width, 2) float32`, (x, y).

    The longer side spans [0, 1], so that frequencies are equal in both directions.
    """
    rows = np.arange(first, height if last is None else last, dtype="float32")
    x, y = np.meshgrid(np.arange(width, dtype="float32") + 0.5, rows + 0.5)
    return (np.stack([x, y], axis=-1) / np.float32(max(height, width))).reshape(-1, 2)
