"""Reads a third-party model of any format: its description, its weights, and names of its classes.

Used in the sandbox alone, before and after Keras is loaded there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from studio.core.models import loading
from studio.core.untrusted import hdf5_chunks
from studio.core.untrusted.refusals import Refused
from studio.imported import containers, hdf5_files, keras_files, tfjs_files, weights

if TYPE_CHECKING:
    import h5py
    import keras

_OLD_LAYERS = "_layer_checkpoint_dependencies"  # Keras 2.12 and 2.13 call them so
_WEIGHTS, _INNER = "imported.weights.h5", "inner"


@dataclass(frozen=True)
class Source:
    """A file that was checked.

    Attributes:
        config: the description of its network.
        fill: puts its numbers into the network, once that is built.
        labels: the names of its classes, where it has them.
        side: the side in px to which it resizes images itself, where it says so.
        preprocessing: that its file holds; "" for none.
    """

    config: dict[str, Any]
    fill: Callable[[keras.Model], None]
    labels: tuple[str, ...] = ()
    side: int | None = None
    preprocessing: str = ""


def read(path: Path, folder: Path, most: int, within: bool = False) -> Source:
    """Reads a file, and checks that its description and its numbers are harmless.

    Args:
        path: of the file.
        folder: where parts of it are unpacked.
        most: numbers that there may be.
        within: whether it lay in a zip itself.

    Raises:
        Refused: with the reason, if it has anything in it that it should not have.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if head == hdf5_files.SIGN:
            return _hdf5(path, most)
        if within or keras_files.CONFIG in keras_files.members(file):
            return _keras(path, folder, most)
        with containers.opened(file) as packed:
            contents = containers.find(packed)
            if contents is None:
                raise Refused("a zip without a model in it")
            names = containers.names_in(packed, contents)
            stored = str(containers.metadata_in(packed, contents).get("preprocessing", ""))
            if PurePosixPath(contents.model).name == containers.WEB:
                config, manifest = tfjs_files.read(containers.member(packed, contents.model))
                shards = {PurePosixPath(one).name: containers.member(packed, one) for one in contents.shards}
                entries = tfjs_files.arrays(manifest, shards, most)
                return Source(config, lambda network: weights.together(network, entries), names, None, stored)
            inner = folder / _INNER
            containers.unpack(packed, contents.model, inner)
    source = read(inner, folder, most, within=True)
    return replace(source, labels=names or source.labels, preprocessing=stored)


def _hdf5(path: Path, most: int) -> Source:
    config = hdf5_files.read(path)
    groups = hdf5_files.arrays(path, most)
    return Source(config, lambda network: weights.by_layer(network, groups))


def _keras(path: Path, folder: Path, most: int) -> Source:
    unpacked = folder / _WEIGHTS
    with path.open("rb") as file:
        described = keras_files.read(file)
        keras_files.unpack_weights(file, unpacked)
    loading.check(unpacked, most, chunked=True)

    def fill(network: keras.Model) -> None:
        network.load_weights(_today(unpacked))

    return Source(described.config, fill, described.labels, described.side)


def _today(weights: Path) -> Path:
    """The same weights, their paths as today's Keras writes them, not in chunks, which Keras would unpack."""
    import h5py

    with h5py.File(weights, "r") as old:
        names: dict[str, h5py.Dataset] = {}

        def note(name: str, one: Any) -> None:
            if isinstance(one, h5py.Dataset):
                names[name] = one

        old.visititems(note)
        renamed = {name: name.replace("\\", "/").replace(_OLD_LAYERS, "layers") for name in names}
        chunked = any(one.chunks for one in names.values())
        if not chunked and all(name == new for name, new in renamed.items()):
            return weights
        target = weights.with_name(f"today.{_WEIGHTS}")
        with h5py.File(target, "w") as fresh:
            for name, new in renamed.items():
                if new not in fresh:
                    fresh[new] = hdf5_chunks.read(names[name])
    return target
