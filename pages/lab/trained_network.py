"""A trained network of the Lab page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio import engine


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network with its held-out data.

    Attributes:
        title: of the network.
        model: an `Autoencoder` or a `Boltzmann`.
        digits: held-out digits, `(n, PIXELS) float32`.
        codes: latents of the digits, `(n, bottleneck) float32`; `(n, 0)` for a Boltzmann machine.
        result: of the training task.
    """

    title: str
    model: Any
    digits: np.ndarray
    codes: np.ndarray
    result: engine.Live
