"""An image as waves and uncorrelated colors: what feature visualization climbs on instead of pixels."""

from __future__ import annotations

import numpy as np

# Columns: how the red, green and blue of ImageNet's photos vary together (brightness, warm to cold, green to
# violet), as Lucid measured them, over the length of the longest.
_COLORS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], "float32") / 0.462
_LOUDNESS = 0.16  # of a wave one pixel long
_FALL = 1.2  # how fast waves grow with their length; 1, as in Lucid, leaves more fine noise in few steps


def hartley(planes: np.ndarray) -> np.ndarray:
    """The real Fourier transform of every plane: orthonormal, and its own inverse.

    Args:
        planes: `(H, W, C) float32`.

    Returns:
        `(H, W, C) float32`: the amplitude of every wave.

    Reference:
        Hartley 1942: the real less the imaginary part of the Fourier transform.
    """
    from scipy import fft

    waves = fft.fft2(planes, axes=(0, 1), norm="ortho")
    return waves.real - waves.imag


class Canvas:
    """A square image that is made of waves, the long ones louder, as they are in photos.

    In pixels a network's gradient is mostly fine noise; in waves that are about as loud as a photo's, shapes
    and colors grow as fast as edges.

    Args:
        size: of a side, in px.

    Reference:
        Olah et al. 2017, "Feature Visualization", on preconditioning.
    """

    def __init__(self, size: int):
        across = np.fft.fftfreq(size).astype("float32")
        frequency = np.hypot(across[:, None], across[None, :])
        self._loudness = (_LOUDNESS * np.maximum(frequency, 1 / size) ** -_FALL)[..., None]
        self.size = size

    def image(self, waves: np.ndarray, vivid: float = 0.0) -> np.ndarray:
        """`(size, size, 3) float32` amplitudes, 0 for gray -> `(1, size, size, 3) float32 in [0, 1]`.

        Args:
            vivid: the least standard deviation of the colors before the sigmoid; weaker ones are raised.
        """
        colors = hartley(waves * self._loudness) @ _COLORS.T
        colors *= max(1.0, vivid / (float(colors.std()) + 1e-12))
        return (0.5 + 0.5 * np.tanh(colors / 2))[None]  # the sigmoid, which never overflows so

    def pull(self, images_01: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The gradient by the waves, from the one by the pixels of `images_01`; shapes as in `image`."""
        colors = (gradient * images_01 * (1 - images_01))[0] @ _COLORS
        return hartley(colors) * self._loudness
