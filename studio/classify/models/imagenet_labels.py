"""The names of ImageNet's 1,000 classes, in the order of ResNet50's answers; kept as weights are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from studio.core.progress import Progress
from studio.core.weights import pretrained

COUNT = 1000


class Labels:
    """Names that are saved and loaded as a network's weights are.

    Attributes:
        names: one for each class, in words. Two are said twice: "crane" (a bird and a machine) and "maillot".
    """

    trainable = False

    def __init__(self, names: tuple[str, ...] = ()):
        self.names = names

    def save_weights(self, path: Path) -> None:
        """Writes the names into an HDF5 file."""
        import h5py

        with h5py.File(path, "w") as file:
            file["names"] = list(self.names)

    def load_weights(self, path: Path) -> None:
        """Reads what `save_weights` wrote, or the list that Keras fetches for its classifiers."""
        import h5py

        if not h5py.is_hdf5(path):
            self.names = _parsed(path.read_bytes())
            return
        with h5py.File(path) as file:
            self.names = tuple(file["names"].asstr()[:])


def names(progress: Progress | None = None) -> tuple[str, ...]:
    """The class names, fetched if need be. Raises `StudioError` as `pretrained.pull`."""
    return pretrained.load("imagenet-labels", progress).model.names


def network(members: Mapping[str, bytes] | None = None) -> Labels:
    """Labels from `{"labels.json": bytes}`, or, for None, without names."""
    return Labels(_parsed(members["labels.json"]) if members is not None else ())


def _parsed(data: bytes) -> tuple[str, ...]:
    """`{"0": "great_white_shark"}` or `{"0": ["n01484850", "great_white_shark"]}`, up to "999"; pinned."""
    listed = json.loads(data)
    found = [listed[str(number)] for number in range(COUNT)]
    return tuple((one if isinstance(one, str) else one[1]).replace("_", " ") for one in found)
