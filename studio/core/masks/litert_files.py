"""Third-party LiteRT networks, stored like weights, so that recipes and replay name them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.litert.network import Network
from studio.core.models.lru import get_or_make
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.networks.stored_file import StoredFile

_CORES = 1  # a second core saves 1 ms of these networks, and costs 8 ms while the machine is busy
_MAX_NETWORKS = 4


class SharedNetwork:
    """A LiteRT network that several threads may use, one at a time.

    Attributes:
        digest: SHA-256 of the LiteRT file.
    """

    def __init__(self, data: bytes, digest: str):
        self.digest = digest
        self._network, self._lock = Network(data, _CORES), threading.Lock()

    def __call__(self, *inputs: np.ndarray) -> Sequence[np.ndarray]:
        """Runs the network on `float32` inputs. Returns copies of its outputs."""
        with self._lock:
            return self._network(*inputs)


_NETWORKS: dict[str, SharedNetwork] = {}  # by SHA-256


def build_file(members: Mapping[str, bytes] | None = None) -> StoredFile:
    """Returns the only member of a package as a LiteRT file; an empty one for None."""
    if members is None:
        return StoredFile()
    (data,) = members.values()
    return StoredFile(data)


def open_network(name: str, progress: Progress | None = None) -> SharedNetwork:
    """Opens a third-party LiteRT network by the name of its weights, after a download if necessary.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    loaded = pretrained.load(name, progress)
    return get_or_make(
        _NETWORKS,
        loaded.digest,
        lambda: SharedNetwork(loaded.model.data, loaded.digest),
        _MAX_NETWORKS,
    )
