"""Avatars and paintings in turn, to learn the edges and the lines that photos rarely have."""

from __future__ import annotations

import numpy as np

from studio.core.imaging.paintings import paintings as listed
from studio.core.progress import Progress
from training.drawings import avatars, paintings

EVERY = 6  # one of so many is a painting, which take longer
_FAR = 1_000_000  # between the seeds of paintings of two collections


def collection(
    count: int, seed: int, progress: Progress | None = None, size: int = 224
) -> dict[str, np.ndarray]:
    """Draws images, each from a seed of its own: "images", `(count, size, size, 3) uint8`.

    Args:
        count: how many.
        seed: of every random draw; the same one gives the same bytes.
        progress: told of every image.
        size: of their sides, in px.

    Raises:
        Cancelled: if a user asked to stop.
    """
    names = list(listed())
    made = np.empty((count, size, size, 3), "uint8")
    progress = progress or Progress()
    for n in range(count):
        progress.report(n, count)
        if n % EVERY == 0:
            later, which = divmod(n // EVERY, len(names))
            made[n] = paintings.draw(names[which], 1 + later + _FAR * seed, (size, size))
        else:
            made[n], _ = avatars.draw(np.random.default_rng((1 + seed, n)), size)
    return {"images": made}
