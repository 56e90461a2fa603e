"""Saves a trained network as a .npz file, for pages and other programs."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings

Network = Autoencoder | Boltzmann


def pack_network(network: Network, test_digits: np.ndarray) -> bytes:
    """Returns a .npz with the network's arrays, `settings` as JSON, and test digits under `others`.

    Args:
        network: the network.
        test_digits: `(n, PIXELS) float32` in [0, 1], stored with 8 bits per pixel.
    """
    buffer = io.BytesIO()
    settings = np.frombuffer(network.settings.model_dump_json().encode(), "uint8")
    levels = (test_digits * 255 + 0.5).astype("uint8")
    arrays: dict[str, Any] = {**network.arrays, "settings": settings, "others": levels}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack_network(data: bytes) -> tuple[Network, np.ndarray]:
    """Reads a file of `pack_network` without executing anything in it.

    Returns:
        The network, and the test digits, `(n, PIXELS) float32` in [0, 1].
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        settings = json.loads(archive["settings"].tobytes())
        network: Network
        if "encoder" in archive:
            network = Autoencoder(AutoencoderSettings.from_plain(settings))
        else:
            network = Boltzmann(BoltzmannSettings.from_plain(settings))
        for name, array in network.arrays.items():
            array[:] = archive[name]
        return network, archive["others"].astype("float32") / 255
