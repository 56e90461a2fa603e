"""Avatars and paintings, with edges and lines that are rare in photos."""

from __future__ import annotations

import numpy as np

from studio.core.imaging.paintings import list_paintings as listed
from studio.core.progress import Progress
from training.drawings import avatars, paintings

EVERY = 6  # every sixth image is a painting, because paintings take longer
_FAR = 1_000_000  # between the seeds of paintings of two collections


def collection(
    count: int, seed: int, progress: Progress | None = None, size: int = 224
) -> dict[str, np.ndarray]:
    """Draws images, each with its own seed: "images", `(count, size, size, 3) uint8`.

    Args:
        count: number of images.
        seed: of every random draw; the same one gives the same bytes.
        progress: receives every image.
        size: side in px.

    Raises:
        Cancelled: if the user stopped the job.
    """
    names = list(listed())
    images = np.empty((count, size, size, 3), "uint8")
    progress = progress or Progress()
    for n in range(count):
        progress.report(n, count)
        if n % EVERY == 0:
            later, which = divmod(n // EVERY, len(names))
            images[n] = paintings.draw(names[which], 1 + later + _FAR * seed, (size, size))
        else:
            images[n], _ = avatars.draw(np.random.default_rng((1 + seed, n)), size)
    return {"images": images}
