"""Turns a stream of frames into a video that loops seamlessly."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np

from studio.core import paths

MAX_OVERLAP = 10  # frames; shorter fades are visible, longer ones only cost time
EDGE_WIDTH = 0.5  # width of the fading edge, as a share of the distance to the corners
_FULL_OVERLAP_FRAMES = 4 * MAX_OVERLAP  # frames from which on any loop has its full overlap


def count_overlap(frames: int) -> int:
    """Returns the number of extra frames that fade the end of a loop into its beginning."""
    return min(MAX_OVERLAP, frames // 3)


def find_loop_length(count: int) -> int:
    """Returns the longest loop that `count` frames suffice for."""
    return next(frames for frames in range(count, -1, -1) if frames + count_overlap(frames) <= count)


class Loop:
    """Receives frames and passes on those of a seamless loop, without knowing when it ends.

    Of frames f0, f1, ... and an overlap of k, a loop of n shows fk to f(n - 1), and then k frames in which
    f0, f1, ... fade in over f(n), f(n + 1), ...: both move alike, and true neighbors come before and after.

    Frames that a fade may need are stored in a file.

    Args:
        emit: receives the next frame of the loop, `(H, W, 3) uint8`.
    """

    def __init__(self, emit: Callable[[np.ndarray], None]):
        self._emit, self._next, self.count = emit, MAX_OVERLAP, 0
        self._file = tempfile.TemporaryFile(dir=paths.ensure_folder("cache"))  # noqa: SIM115
        self._shape: tuple[int, ...] = ()

    def add(self, frame: np.ndarray) -> None:
        """Adds the next frame, `(H, W, 3) uint8`, of the same size as the first."""
        self._shape = frame.shape
        self._file.seek(_find_slot(self.count) * frame.nbytes)
        self._file.write(frame.tobytes())
        self.count += 1
        if self.count >= _FULL_OVERLAP_FRAMES:
            self._emit_frames(find_loop_length(self.count))

    def close(self) -> int:
        """Passes on the remaining frames. Returns the length of the loop, `find_loop_length(count)`."""
        frames = find_loop_length(self.count)
        overlap = count_overlap(frames)
        self._next = self._next if self.count >= _FULL_OVERLAP_FRAMES else overlap
        self._emit_frames(frames)
        for i in range(overlap):
            self._emit(crossfade(self[frames + i], self[i], (i + 1) / (overlap + 1)))
        self._file.close()
        return frames

    def __getitem__(self, index: int) -> np.ndarray:
        size = int(np.prod(self._shape))
        self._file.seek(_find_slot(index) * size)
        return np.frombuffer(self._file.read(size), "uint8").reshape(self._shape)

    def _emit_frames(self, end: int) -> None:
        while self._next < end:
            self._emit(self[self._next])
            self._next += 1


def _find_slot(index: int) -> int:
    """Returns the slot of a frame in the file: the first frames stay, later ones reuse slots."""
    return index if index < MAX_OVERLAP else MAX_OVERLAP + index % (_FULL_OVERLAP_FRAMES - MAX_OVERLAP)


def crossfade(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Fades from one frame into another, which grows from the center, where a zoom brings new content.

    The mix of fine detail keeps its strength: plain averages of two different details look washed out.

    Args:
        first, second: `(H, W, 3) uint8`.
        share: of the second frame, 0 to 1.

    Returns:
        `(H, W, 3) uint8`.
    """
    from scipy import ndimage

    height, width = first.shape[:2]
    mask = _draw_disc_mask(height, width, share)
    coarse, fine = [], []
    for frame in (first.astype("float32"), second.astype("float32")):
        blurred = ndimage.gaussian_filter(frame, (max(frame.shape) / 32, max(frame.shape) / 32, 0))
        coarse.append(blurred)
        fine.append(frame - blurred)
    norm = np.sqrt((1 - mask) ** 2 + mask**2)
    blended = (1 - mask) * coarse[0] + mask * coarse[1]
    blended += ((1 - mask) * fine[0] + mask * fine[1]) / norm
    return (np.clip(blended, 0, 255) + 0.5).astype("uint8")


def _draw_disc_mask(height: int, width: int, share: float) -> np.ndarray:
    """Returns a disc with a soft edge, `(H, W, 1) float32 in [0, 1]`; a share of 1 fills the whole image."""
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    distance = np.sqrt((rows**2 + columns**2) / 2)[..., None]  # 0 in the center, 1 in the corners
    inside = np.clip((share * (1 + EDGE_WIDTH) - distance) / EDGE_WIDTH, 0, 1)
    return (inside * inside * (3 - 2 * inside)).astype("float32")
