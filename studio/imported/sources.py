"""Reads a third-party model of any format: description, weights and class names.

Used only in the sandbox, before and after loading Keras.
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

_OLD_LAYERS = "_layer_checkpoint_dependencies"  # the group name in Keras 2.12 and 2.13
_WEIGHTS, _INNER = "imported.weights.h5", "inner"


@dataclass(frozen=True)
class Source:
    """A checked file.

    Attributes:
        config: description of the network.
        fill: loads the weights into the built network.
        labels: class names; () without.
        side: image side in px to which the network resizes images itself; None if unknown.
        preprocessing: stored in the file; "" without.
    """

    config: dict[str, Any]
    fill: Callable[[keras.Model], None]
    labels: tuple[str, ...] = ()
    side: int | None = None
    preprocessing: str = ""


def read(path: Path, folder: Path, most: int, within: bool = False) -> Source:
    """Reads a file and checks that its description and weights are harmless.

    Args:
        path: of the file.
        folder: for unpacked parts.
        most: maximum number of weights.
        within: whether the file was in a zip itself.

    Raises:
        Refused: with the reason, if it contains anything that is not allowed.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if head == hdf5_files.SIGN:
            return _hdf5(path, most)
        if within or keras_files.CONFIG in keras_files.members(file):
            return _keras(path, folder, most)
        with containers.open_zip(file) as archive:
            contents = containers.find(archive)
            if contents is None:
                raise Refused("a zip without a model in it")
            names = containers.names_in(archive, contents)
            stored = str(containers.metadata_in(archive, contents).get("preprocessing", ""))
            if PurePosixPath(contents.model).name == containers.WEB:
                config, manifest = tfjs_files.read(containers.member(archive, contents.model))
                shards = {
                    PurePosixPath(name).name: containers.member(archive, name) for name in contents.shards
                }
                entries = tfjs_files.arrays(manifest, shards, most)
                return Source(
                    config, lambda network: weights.fill_by_name(network, entries), names, None, stored
                )
            inner = folder / _INNER
            containers.unpack(archive, contents.model, inner)
    source = read(inner, folder, most, within=True)
    return replace(source, labels=names or source.labels, preprocessing=stored)


def _hdf5(path: Path, most: int) -> Source:
    config = hdf5_files.read(path)
    groups = hdf5_files.arrays(path, most)
    return Source(config, lambda network: weights.fill_by_layer(network, groups))


def _keras(path: Path, folder: Path, most: int) -> Source:
    weights_file = folder / _WEIGHTS
    with path.open("rb") as file:
        description = keras_files.read(file)
        keras_files.unpack_weights(file, weights_file)
    loading.check(weights_file, most, chunked=True)

    def fill(network: keras.Model) -> None:
        network.load_weights(_today(weights_file))

    return Source(description.config, fill, description.labels, description.side)


def _today(weights: Path) -> Path:
    """Rewrites weights with current Keras' paths and without chunks, which Keras would unpack."""
    import h5py

    with h5py.File(weights, "r") as old:
        names: dict[str, h5py.Dataset] = {}

        def note(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                names[name] = item

        old.visititems(note)
        new_names = {name: name.replace("\\", "/").replace(_OLD_LAYERS, "layers") for name in names}
        is_chunked = any(dataset.chunks for dataset in names.values())
        if not is_chunked and all(name == new for name, new in new_names.items()):
            return weights
        target = weights.with_name(f"today.{_WEIGHTS}")
        with h5py.File(target, "w") as fresh:
            for name, new in new_names.items():
                if new not in fresh:
                    fresh[new] = hdf5_chunks.read(names[name])
    return target
