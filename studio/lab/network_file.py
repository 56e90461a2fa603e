"""A trained network as a file of NumPy, for whoever wants to use its numbers elsewhere, and for the page."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann
from studio.lab.settings import BoltzmannSettings, TeachSettings

Network = Autoencoder | Boltzmann


def pack(network: Network, others: np.ndarray) -> bytes:
    """The bytes of an .npz: the network's arrays by name, `settings` as JSON, `others` to try it with.

    Args:
        others: `(n, PIXELS) float32` in [0, 1], of which no more than 8 bits a pixel are kept.
    """
    packed = io.BytesIO()
    settings = np.frombuffer(network.settings.model_dump_json().encode(), "uint8")
    levels = (others * 255 + 0.5).astype("uint8")
    arrays: dict[str, Any] = {**network.arrays, "settings": settings, "others": levels}
    np.savez(packed, **arrays)
    return packed.getvalue()


def unpack(data: bytes) -> tuple[Network, np.ndarray]:
    """Reads what `pack` of this studio wrote; nothing in it is executed. Gives the network and the others."""
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        settings = json.loads(held["settings"].tobytes())
        made: Network
        if "encoder" in held:
            made = Autoencoder(TeachSettings.from_plain(settings))
        else:
            made = Boltzmann(BoltzmannSettings.from_plain(settings))
        for name, array in made.arrays.items():
            array[:] = held[name]
        return made, held["others"].astype("float32") / 255
