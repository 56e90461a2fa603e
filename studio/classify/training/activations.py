"""What the frozen part of a backbone makes of images, computed once and read batch by batch from the disk.

Between passes of fine-tuning these never change; of ResNet50 they save more than half of each pass, of VGG16
nine tenths. They are read, not mapped, so that they do not count as memory.
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
from studio.core.data.cache import ImageDataset
from studio.core.errors import NoRoom
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.gradients import compiled
from studio.core.progress import Progress

BATCH = 32


class Activations:
    """Rows of float16 on the disk: each image, and where wished each mirrored one after it.

    Args:
        path: of the file.
        file: it, open, so that it stays readable when another fine-tuning of these images, or whoever frees
            the cache, removes it.
        shape: `(images, views, h, w, C)`.
    """

    def __init__(self, path: Path, file: FileIO, shape: tuple[int, ...]):
        self.path, self.file, self.shape = path, file, shape

    def read(self, rows: np.ndarray, views: np.ndarray) -> np.ndarray:
        """Some rows, each seen as it is (view 0) or mirrored (view 1): `(n, h, w, C) float32`."""
        each = int(np.prod(self.shape[2:]))
        found = np.empty((len(rows), each), "float16")
        for n, (row, view) in enumerate(zip(rows, views, strict=True)):
            self.file.seek((int(row) * self.shape[1] + int(view)) * each * 2)
            self.file.readinto(memoryview(found[n]).cast("B"))
        return found.reshape(len(rows), *self.shape[2:]).astype("float32")

    def remove(self) -> None:
        """Takes the file off the disk once nobody begins here again; what is open stays readable."""
        self.path.unlink(missing_ok=True)


@contextmanager
def activations(
    dataset: ImageDataset, backbone: Backbone, layer: str, mirrored: bool, progress: Progress
) -> Iterator[Activations]:
    """The activations of a layer, from the file that a stopped training left or else computed.

    They are large, and stay until whoever has done the work calls `remove`: what was interrupted finds them.

    Args:
        dataset: all of them, in color.
        backbone: that looks at them.
        layer: the last of its frozen part.
        mirrored: whether the mirrored images are wanted, too.
        progress: told how many images are done.

    Raises:
        NoRoom: if they do not fit on the disk.
        Cancelled: if a user asked to stop.
    """
    side, views = dataset.images.shape[1], 1 + mirrored
    network = _network(backbone, layer)
    blank = np.zeros((BATCH, side, side, 3), "uint8")
    shape = (len(dataset.images), views, *np.asarray(network(blank)).shape[1:])
    facts = f"{backbone.digest} {layer} {shape}".encode()
    key = hashlib.sha256(facts + np.ascontiguousarray(dataset.digests).tobytes()).hexdigest()
    path = caches.claim(paths.folder("cache") / "activations" / f"{key}.f16")
    size = int(np.prod(shape)) * 2
    with _kept(path, size) or _made(path, size, _parts(dataset.images, network, views, progress)) as file:
        yield Activations(path, file, shape)


def _kept(path: Path, size: int) -> FileIO | None:
    """The whole file that is there, open; None if there is none."""
    with suppress(OSError):
        file = path.open("rb", buffering=0)
        if os.fstat(file.fileno()).st_size == size:
            return file
        file.close()
    return None


def _made(path: Path, size: int, parts: Iterable[np.ndarray]) -> FileIO:
    """The file, made of these parts and open from before it has its name: from then on others remove it."""
    _check_room(path, size)
    with paths.replacing(path) as temporary:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part.tobytes())
        return temporary.open("rb", buffering=0)


def _network(backbone: Backbone, layer: str) -> Callable:
    extractor = backbone.features([layer])

    def looked(images):
        from keras import ops

        return extractor(ops.cast(images, "float32") / 255.0)[layer]

    return compiled(looked)


def _parts(images: np.ndarray, network: Callable, views: int, progress: Progress) -> Iterator[np.ndarray]:
    """`(n, views, h, w, C) float16`, batch by batch; what no float16 can be is brought to the largest."""
    most = np.finfo("float16").max
    for start in range(0, len(images), BATCH):
        part = np.asarray(images[start : start + BATCH])
        full = np.concatenate([part, np.repeat(part[-1:], BATCH - len(part), axis=0)])
        both = [full, full[:, :, ::-1]][:views]
        seen = [np.minimum(np.asarray(network(one))[: len(part)], most).astype("float16") for one in both]
        yield np.stack(seen, axis=1)
        progress.report(start + len(part), len(images), text="Preparing to fine-tune")


def _check_room(path: Path, size: int) -> None:
    there = os.statvfs(paths.make(path.parent))
    if there.f_bavail * there.f_frsize < size + 2**28:
        raise NoRoom(
            f"Fine-tuning needs {amounts.size(size)} of temporary disk space in {path.parent}. "
            "Free some space there, choose a smaller input size, or turn off the horizontal flip."
        )
