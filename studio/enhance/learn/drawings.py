"""Pictures that the studio draws itself, to learn the edges and the lines that photos rarely have."""

from __future__ import annotations

import numpy as np

from studio.core.pictures import paintings
from studio.core.progress import Progress
from studio.core.tasks import imported

EVERY = 6  # one of so many is a painting, which take longer


def drawn(count: int, size: int, progress: Progress) -> np.ndarray:
    """Draws pictures, each from a seed of its own: `(count, size, size, 3) uint8`.

    Raises:
        Cancelled: if a person asked to stop.
    """
    names, avatar = list(paintings.paintings()), imported("studio.core.pictures.avatars:draw")
    made = np.empty((count, size, size, 3), "uint8")
    for n in range(count):
        progress.report(n, count)
        if n % EVERY == 0:
            seed, which = divmod(n // EVERY, len(names))
            picture = imported(f"studio.core.pictures.paintings.{names[which]}:draw")(1 + seed, (size, size))
        else:
            picture, _ = avatar(np.random.default_rng((1, n)), size)
        made[n] = picture
    return made
