"""A network that the page holds, with what came with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio import engine


@dataclass(frozen=True)
class Taught:
    """One of them.

    Attributes:
        title: what a user calls it.
        network: an `Autoencoder` or a `Boltzmann`.
        others: digits that it never saw, `(n, PIXELS) float32`.
        codes: theirs, `(n, bottleneck) float32`; of a Boltzmann machine none.
        made: what the engine answered.
    """

    title: str
    network: Any
    others: np.ndarray
    codes: np.ndarray
    made: engine.Live
