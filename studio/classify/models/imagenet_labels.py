"""The names of ImageNet's 1,000 classes, in the order of ResNet50's outputs; stored like weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from studio.core.progress import Progress
from studio.core.weights import pretrained

COUNT = 1000


class Labels:
    """Class names with the interface of a network's weights.

    Attributes:
        names: one for each class. Two occur twice: "crane" (a bird and a machine) and "maillot".
    """

    trainable = False

    def __init__(self, names: tuple[str, ...] = ()):
        self.names = names

    def save_weights(self, path: Path) -> None:
        """Writes the names to an HDF5 file."""
        import h5py

        with h5py.File(path, "w") as file:
            file["names"] = list(self.names)

    def load_weights(self, path: Path) -> None:
        """Reads the file of `save_weights`, or the JSON that Keras downloads for its classifiers."""
        import h5py

        if not h5py.is_hdf5(path):
            self.names = _parse(path.read_bytes())
            return
        with h5py.File(path) as file:
            self.names = tuple(file["names"].asstr()[:])


def load_names(progress: Progress | None = None) -> tuple[str, ...]:
    """Returns the class names, downloaded if needed. Raises `StudioError` as `pretrained.pull`."""
    return pretrained.load("imagenet-labels", progress).model.names


def build_labels(members: Mapping[str, bytes] | None = None) -> Labels:
    """Returns labels from `{"labels.json": bytes}`; without names for None."""
    return Labels(_parse(members["labels.json"]) if members is not None else ())


def _parse(data: bytes) -> tuple[str, ...]:
    """Reads `{"0": "great_white_shark"}` or `{"0": ["n01484850", "great_white_shark"]}`, "0" to "999"."""
    table = json.loads(data)
    entries = [table[str(number)] for number in range(COUNT)]
    return tuple((entry if isinstance(entry, str) else entry[1]).replace("_", " ") for entry in entries)
