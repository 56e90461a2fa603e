"""Assigns named arrays to the layers of a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import make_printable
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

Entries = Sequence[tuple[str, np.ndarray]]
_ALIASES = {"depthwise_kernel": "kernel", "running_mean": "moving_mean", "running_std": "moving_variance"}
_UNUSED = ("count",)  # of Normalization: number of images in its statistics


def fill_by_layer(network: keras.Model, groups: Mapping[str, Entries]) -> None:
    """Fills a network with the arrays of each layer.

    Args:
        network: built.
        groups: arrays by layer name; a nested network has those of all its layers.

    Raises:
        Refused: if they do not fit the layers.
    """
    for layer in network.layers:
        if _list_variables(layer):
            _fill_layers(layer.name, [layer], groups.get(layer.name, ()))


def fill_by_name(network: keras.Model, entries: Entries) -> None:
    """Fills a network with arrays named after their layers. Raises `Refused` as `fill_by_layer`."""
    _fill_layers(network.name, network.layers, entries)


def _fill_layers(name: str, layers: Sequence[keras.layers.Layer], entries: Entries) -> None:
    """Fills layers with arrays, by name or else in order. Raises `Refused` if they do not fit."""
    entries = [entry for entry in entries if _strip_suffix(entry[0]).rpartition("/")[2] not in _UNUSED]
    pairs = _pair_by_name([leaf for layer in layers for leaf in _iterate_leaf_layers(layer)], entries)
    if not pairs:
        variables = [variable for layer in layers for variable in _list_variables(layer)]
        pairs = _pair_in_order(variables, entries)
    if pairs is None:
        title = make_printable(name, 60)
        raise Refused(f"weights that do not match its layer {title}" if entries else f"no weights of {title}")
    for variable, array in pairs:
        variable.assign(array)


def _iterate_leaf_layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Yields a layer, or all layers of a nested network."""
    if hasattr(layer, "layers"):
        for child in layer.layers:
            yield from _iterate_leaf_layers(child)
    else:
        yield layer


def _list_variables(layer: keras.layers.Layer) -> list[Any]:
    """Returns the weights of a layer in the order of old files: trainable ones first."""
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    return [variable for variable in variables if variable.name not in _UNUSED]


def _pair_by_name(
    leaves: Iterable[keras.layers.Layer], entries: Entries
) -> list[tuple[Any, np.ndarray]] | None:
    """Pairs each variable with its array; None unless every variable has exactly one of its shape."""
    by_path: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    by_suffix: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for name, array in entries:
        path, _, short = _strip_suffix(name).rpartition("/")
        parts = path.split("/")
        by_path["_".join(parts), short].append(array)
        for start in range(1, len(parts)):
            by_suffix["_".join(parts[start:]), short].append(array)
    pairs = []
    for leaf in leaves:
        for variable in _list_variables(leaf):
            names = [variable.name, *(old for old, new in _ALIASES.items() if new == variable.name)]
            is_path = any((leaf.name, name) in by_path for name in names)
            candidates = by_path if is_path else by_suffix
            arrays = [array for name in names for array in candidates.get((leaf.name, name), ())]
            if len(arrays) != 1 or arrays[0].shape != tuple(variable.shape):
                return None
            pairs.append((variable, arrays[0]))
    return pairs if len(pairs) == len(entries) else None


def _pair_in_order(variables: Sequence[Any], entries: Entries) -> list[tuple[Any, np.ndarray]] | None:
    """Pairs variables and arrays in their order; None unless all shapes agree."""
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [array.shape for _, array in entries]:
        return None
    return list(zip(variables, (array for _, array in entries), strict=True))


def _strip_suffix(name: str) -> str:
    return name.partition(":")[0]
