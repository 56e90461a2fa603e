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
_WEIGHTS, _UNPACKED = "imported.weights.h5", "inner"


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


def read(path: Path, folder: Path, max_weights: int, is_unpacked: bool = False) -> Source:
    """Reads a file and checks that its description and weights are harmless.

    Args:
        path: of the file.
        folder: for unpacked parts.
        max_weights: maximum number of weights.
        is_unpacked: whether the file was in a zip itself.

    Raises:
        Refused: with the reason, if it contains anything that is not allowed.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if head == hdf5_files.SIGNATURE:
            return _read_hdf5(path, max_weights)
        if is_unpacked or keras_files.CONFIG in keras_files.list_members(file):
            return _read_keras(path, folder, max_weights)
        with containers.open_zip(file) as archive:
            contents = containers.find_model(archive)
            if contents is None:
                raise Refused("a zip without a model in it")
            names = containers.read_names(archive, contents)
            preprocessing = str(containers.read_metadata(archive, contents).get("preprocessing", ""))
            if PurePosixPath(contents.model).name == containers.TFJS_MODEL:
                config, manifest = tfjs_files.read(containers.read_member(archive, contents.model))
                shards = {
                    PurePosixPath(name).name: containers.read_member(archive, name)
                    for name in contents.shards
                }
                entries = tfjs_files.read_arrays(manifest, shards, max_weights)
                return Source(
                    config, lambda network: weights.fill_by_name(network, entries), names, None, preprocessing
                )
            unpacked = folder / _UNPACKED
            containers.unpack(archive, contents.model, unpacked)
    source = read(unpacked, folder, max_weights, is_unpacked=True)
    return replace(source, labels=names or source.labels, preprocessing=preprocessing)


def _read_hdf5(path: Path, max_weights: int) -> Source:
    config = hdf5_files.read(path)
    groups = hdf5_files.read_arrays(path, max_weights)
    return Source(config, lambda network: weights.fill_by_layer(network, groups))


def _read_keras(path: Path, folder: Path, max_weights: int) -> Source:
    weights_file = folder / _WEIGHTS
    with path.open("rb") as file:
        description = keras_files.read(file)
        keras_files.unpack_weights(file, weights_file)
    loading.check(weights_file, max_weights, chunked=True)

    def fill(network: keras.Model) -> None:
        network.load_weights(_rewrite_weights(weights_file))

    return Source(description.config, fill, description.labels, description.side)


def _rewrite_weights(weights: Path) -> Path:
    """Rewrites weights with current Keras' paths and without chunks, which Keras would unpack.

    Returns:
        The new file, next to the old one, or the old one if nothing changes.
    """
    import h5py

    with h5py.File(weights, "r") as old_file:
        datasets: dict[str, h5py.Dataset] = {}

        def collect(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                datasets[name] = item

        old_file.visititems(collect)
        new_names = {name: name.replace("\\", "/").replace(_OLD_LAYERS, "layers") for name in datasets}
        is_chunked = any(dataset.chunks for dataset in datasets.values())
        if not is_chunked and all(name == new_name for name, new_name in new_names.items()):
            return weights
        target = weights.with_name(f"today.{_WEIGHTS}")
        with h5py.File(target, "w") as new_file:
            for name, new_name in new_names.items():
                if new_name not in new_file:
                    new_file[new_name] = hdf5_chunks.read(datasets[name])
    return target
