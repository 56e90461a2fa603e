"""An image as Fourier coefficients and decorrelated colors, which feature visualization optimizes."""

from __future__ import annotations

import numpy as np

# Columns: principal color directions of ImageNet's photos (brightness, warm to cold, green to violet), as
# measured by Lucid, over the length of the longest.
_DIRECTIONS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], "float32") / 0.462
_AMPLITUDE = 0.16  # amplitude at a wavelength of one pixel
_AMPLITUDE_EXPONENT = 1.2  # over wavelength; 1, as in Lucid, leaves more noise in few steps


def hartley(planes: np.ndarray) -> np.ndarray:
    """Computes the Hartley transform of every plane, which is orthonormal and its own inverse.

    Args:
        planes: `(H, W, C) float32`.

    Returns:
        `(H, W, C) float32`: the coefficients.

    Reference:
        Hartley 1942: the real minus the imaginary part of the Fourier transform.
    """
    from scipy import fft

    waves = fft.fft2(planes, axes=(0, 1), norm="ortho")
    return waves.real - waves.imag


class Canvas:
    """A square image parametrized by Fourier coefficients that are scaled like those of photos.

    In pixel space, a network's gradient is mostly fine noise; with this scaling, shapes and colors grow as
    fast as edges.

    Args:
        size: side in px.

    Reference:
        Olah et al. 2017, "Feature Visualization", on preconditioning.
    """

    def __init__(self, size: int):
        frequencies = np.fft.fftfreq(size).astype("float32")
        frequency = np.hypot(frequencies[:, None], frequencies[None, :])
        self._amplitudes = (_AMPLITUDE * np.maximum(frequency, 1 / size) ** -_AMPLITUDE_EXPONENT)[..., None]
        self.size = size

    def render(self, waves: np.ndarray, min_deviation: float = 0.0) -> np.ndarray:
        """Renders `(size, size, 3) float32` coefficients, 0 for gray, as `(1, size, size, 3)` in [0, 1].

        Args:
            min_deviation: standard deviation of the colors before the sigmoid to which lower ones are raised.
        """
        colors = hartley(waves * self._amplitudes) @ _DIRECTIONS.T
        colors *= max(1.0, min_deviation / (float(colors.std()) + 1e-12))
        return (0.5 + 0.5 * np.tanh(colors / 2))[None]  # sigmoid, without overflow

    def map_gradient(self, images_01: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Converts the gradient with respect to pixels to one with respect to the coefficients."""
        colors = (gradient * images_01 * (1 - images_01))[0] @ _DIRECTIONS
        return hartley(colors) * self._amplitudes
