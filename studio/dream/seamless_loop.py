"""Closes frames that come one after another into a video whose end flows into its beginning."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np

from studio.core import paths

OVERLAP = 10  # frames; shorter is a visible change, longer only costs
SOFTNESS = 0.5  # of the edge of what grows, as a share of the way to the corners
_AHEAD = 4 * OVERLAP  # made frames from which on any loop has its full overlap


def overlap(frames: int) -> int:
    """How many frames more than asked for are made, to fade from the end of a loop into its beginning."""
    return min(OVERLAP, frames // 3)


def closed(made: int) -> int:
    """The longest loop that so many made frames are enough for."""
    return next(frames for frames in range(made, -1, -1) if frames + overlap(frames) <= made)


class Loop:
    """Takes frames as they are made and passes on those of a seamless loop, without knowing when it ends.

    Of frames f0, f1, ... and an overlap of k, a loop of n shows fk to f(n - 1), and then k frames in which
    f0, f1, ... grow over f(n), f(n + 1), ...: both move alike, and before and after stand true neighbors.

    The frames that a fade may need lie in a file.

    Args:
        pass_on: takes the next frame of the loop, `(H, W, 3) uint8`.
    """

    def __init__(self, pass_on: Callable[[np.ndarray], None]):
        self._pass_on, self._next, self.made = pass_on, OVERLAP, 0
        self._file = tempfile.TemporaryFile(dir=paths.folder("cache"))  # noqa: SIM115
        self._shape: tuple[int, ...] = ()

    def add(self, frame: np.ndarray) -> None:
        """Takes the next frame that was made, `(H, W, 3) uint8`, of the same size as the first."""
        self._shape = frame.shape
        self._file.seek(_slot(self.made) * frame.nbytes)
        self._file.write(frame.tobytes())
        self.made += 1
        if self.made >= _AHEAD:
            self._pass_on_to(closed(self.made))

    def close(self) -> int:
        """Passes on the rest. Returns how many frames the loop has: `closed(made)`."""
        frames = closed(self.made)
        fading = overlap(frames)
        self._next = self._next if self.made >= _AHEAD else fading
        self._pass_on_to(frames)
        for i in range(fading):
            self._pass_on(faded(self[frames + i], self[i], (i + 1) / (fading + 1)))
        self._file.close()
        return frames

    def __getitem__(self, index: int) -> np.ndarray:
        size = int(np.prod(self._shape))
        self._file.seek(_slot(index) * size)
        return np.frombuffer(self._file.read(size), "uint8").reshape(self._shape)

    def _pass_on_to(self, end: int) -> None:
        while self._next < end:
            self._pass_on(self[self._next])
            self._next += 1


def _slot(index: int) -> int:
    """Where a frame lies: the first stay, later ones take the place of those that were passed on."""
    return index if index < OVERLAP else OVERLAP + index % (_AHEAD - OVERLAP)


def faded(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """One frame in which another grows from the middle, where a zoom brings all that is new.

    Where both show, fine detail is mixed with the strength that it had: plain halves of two different details
    would look washed out.

    Args:
        one, other: `(H, W, 3) uint8`.
        share: from 0, all the one, to 1, all the other.

    Returns:
        `(H, W, 3) uint8`.
    """
    from scipy import ndimage

    height, width = one.shape[:2]
    mask = _grown(height, width, share)
    coarse, fine = [], []
    for frame in (one.astype("float32"), other.astype("float32")):
        blurred = ndimage.gaussian_filter(frame, (max(frame.shape) / 32, max(frame.shape) / 32, 0))
        coarse.append(blurred)
        fine.append(frame - blurred)
    strength = np.sqrt((1 - mask) ** 2 + mask**2)
    mixed = (1 - mask) * coarse[0] + mask * coarse[1]
    mixed += ((1 - mask) * fine[0] + mask * fine[1]) / strength
    return (np.clip(mixed, 0, 255) + 0.5).astype("uint8")


def _grown(height: int, width: int, share: float) -> np.ndarray:
    """How much of the other shows where, `(H, W, 1) float32 in [0, 1]`: a soft disc of a share's size."""
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    far = np.sqrt((rows**2 + columns**2) / 2)[..., None]  # 0 in the middle, 1 in the corners
    inside = np.clip((share * (1 + SOFTNESS) - far) / SOFTNESS, 0, 1)
    return (inside * inside * (3 - 2 * inside)).astype("float32")
