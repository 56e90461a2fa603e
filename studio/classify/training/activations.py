"""Activations of the frozen part of a backbone, computed once and read from the disk batch by batch.

They do not change during fine-tuning. Caching them saves more than half of each epoch with ResNet50 and nine
tenths with VGG16. They are read, not memory-mapped, so that they do not count as memory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import numpy as np

from studio.core import amounts, caches, paths
from studio.core.data.cache import ImageDataset, ImageSubset
from studio.core.errors import InsufficientSpace
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.gradients import compile_function
from studio.core.progress import Progress

BATCH = 32


class Activations:
    """Activations in float16 on the disk: one row per image, optionally followed by its mirrored version.

    Args:
        path: of the file.
        file: the open file. It stays readable when another run or a cleanup of the cache removes it.
        shape: `(images, views, h, w, C)`.
        rows: rows of the dataset that it holds, `(images,)`, sorted.
    """

    def __init__(self, path: Path, file: FileIO, shape: tuple[int, ...], rows: np.ndarray):
        self.path, self.file, self.shape, self.rows = path, file, shape, rows

    def read(self, rows: np.ndarray, views: np.ndarray) -> np.ndarray:
        """Reads some rows, as they are (view 0) or mirrored (view 1): `(n, h, w, C) float32`."""
        size = int(np.prod(self.shape[2:]))
        values = np.empty((len(rows), size), "float16")
        positions = np.searchsorted(self.rows, rows)
        for n, (position, view) in enumerate(zip(positions, views, strict=True)):
            self.file.seek((int(position) * self.shape[1] + int(view)) * size * 2)
            self.file.readinto(memoryview(values[n]).cast("B"))
        return values.reshape(len(rows), *self.shape[2:]).astype("float32")

    def remove(self) -> None:
        """Removes the file when no run will resume from it; an open file stays readable."""
        self.path.unlink(missing_ok=True)


@contextmanager
def open_activations(
    dataset: ImageDataset,
    backbone: Backbone,
    layer: str,
    mirrored: bool,
    progress: Progress,
    rows: np.ndarray | None = None,
) -> Iterator[Activations]:
    """Provides the activations of a layer, from the file of an interrupted run or else computed.

    The file is large and stays until `remove` is called, so that an interrupted run can resume.

    Args:
        dataset: color images.
        backbone: the network.
        layer: the last frozen layer.
        mirrored: also computes the mirrored images.
        progress: receives the number of images done.
        rows: images to compute, sorted; None for all.

    Raises:
        InsufficientSpace: if they do not fit on the disk.
        Cancelled: if a user asked to stop.
    """
    side, views = dataset.images.shape[1], 1 + mirrored
    network = _compile_extractor(backbone, layer)
    blank = np.zeros((BATCH, side, side, 3), "uint8")
    rows = np.arange(len(dataset.images)) if rows is None else rows
    images, digests = dataset.select(rows), np.ascontiguousarray(dataset.digests[rows])
    shape = (len(rows), views, *np.asarray(network(blank)).shape[1:])
    description = f"{backbone.digest} {layer} {shape}".encode()
    key = hashlib.sha256(description + digests.tobytes()).hexdigest()
    path = caches.claim(paths.ensure_folder("cache") / "activations" / f"{key}.f16")
    size = int(np.prod(shape)) * 2
    with _open_file(path, size) or _write_file(
        path, size, _compute_batches(images, network, views, progress)
    ) as file:
        yield Activations(path, file, shape, rows)


def _open_file(path: Path, size: int) -> FileIO | None:
    """Opens an existing complete file; None if there is none."""
    with suppress(OSError):
        file = path.open("rb", buffering=0)
        if os.fstat(file.fileno()).st_size == size:
            return file
        file.close()
    return None


def _write_file(path: Path, size: int, batches: Iterable[np.ndarray]) -> FileIO:
    """Writes the file and returns it open. It opens it before the rename: others may remove it after that."""
    _check_disk_space(path, size)
    with paths.replacing(path) as temporary:
        with temporary.open("wb") as file:
            for batch in batches:
                file.write(batch.tobytes())
        return temporary.open("rb", buffering=0)


def _compile_extractor(backbone: Backbone, layer: str) -> Callable:
    """Compiles `(n, side, side, 3) uint8` -> a layer's activations, `(n, h, w, C)`."""
    extractor = backbone.build_extractor([layer])

    def forward(images):
        from keras import ops

        return extractor(ops.cast(images, "float32") / 255.0)[layer]

    return compile_function(forward)


def _compute_batches(
    images: ImageSubset, network: Callable, views: int, progress: Progress
) -> Iterator[np.ndarray]:
    """Yields batches of activations, `(n, views, h, w, C) float16`, clipped to float16's range."""
    largest = np.finfo("float16").max
    for start in range(0, len(images), BATCH):
        batch = np.asarray(images[start : start + BATCH])
        padded = np.concatenate([batch, np.repeat(batch[-1:], BATCH - len(batch), axis=0)])
        outputs = [
            np.minimum(np.asarray(network(variant))[: len(batch)], largest).astype("float16")
            for variant in [padded, padded[:, :, ::-1]][:views]
        ]
        yield np.stack(outputs, axis=1)
        progress.report(start + len(batch), len(images), text="Preparing to fine-tune")


def _check_disk_space(path: Path, size: int) -> None:
    """Raises `InsufficientSpace` unless a file of `size` bytes fits on the disk and leaves 256 MB."""
    disk = os.statvfs(paths.make_folder(path.parent))
    if disk.f_bavail * disk.f_frsize < size + 2**28:
        raise InsufficientSpace(
            f"Fine-tuning needs {amounts.format_bytes(size)} of temporary disk space in {path.parent}. "
            "Free some space there, choose a smaller input size, or turn off the horizontal flip."
        )
