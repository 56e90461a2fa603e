"""A file from a package, stored like the weights of a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_ARRAY = "file"  # name of the bytes in the HDF5 file


class StoredFile:
    """A file with the interface of a network's weights.

    Attributes:
        data: bytes of the file.
    """

    trainable = False

    def __init__(self, data: bytes = b""):
        self.data = data

    def save_weights(self, path: Path) -> None:
        """Writes the bytes to an HDF5 file."""
        import h5py

        with h5py.File(path, "w") as file:
            file[_ARRAY] = np.frombuffer(self.data, "uint8")

    def load_weights(self, path: Path) -> None:
        """Reads the file of `save_weights`."""
        import h5py

        with h5py.File(path) as file:
            self.data = file[_ARRAY][:].tobytes()
