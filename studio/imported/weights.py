"""Puts arrays that came by name into the layers that they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import printable
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

Entries = Sequence[tuple[str, np.ndarray]]
_ALIASES = {"depthwise_kernel": "kernel", "running_mean": "moving_mean", "running_std": "moving_variance"}
_UNUSED = ("count",)  # of Normalization: how many images it was adapted to


def by_layer(network: keras.Model, groups: Mapping[str, Entries]) -> None:
    """Fills a network with the arrays of each of its layers.

    Args:
        network: built.
        groups: by the name of the layer; a layer that is a network has those of all in it.

    Raises:
        Refused: if they are not those of its layers.
    """
    for layer in network.layers:
        if _variables(layer):
            _fill(layer.name, [layer], groups.get(layer.name, ()))


def together(network: keras.Model, entries: Entries) -> None:
    """Fills a network with arrays that have the names of their layers. Raises `Refused` as `by_layer`."""
    _fill(network.name, network.layers, entries)


def _fill(name: str, layers: Sequence[keras.layers.Layer], entries: Entries) -> None:
    entries = [one for one in entries if _stem(one[0]).rpartition("/")[2] not in _UNUSED]
    pairs = _by_name([leaf for layer in layers for leaf in _leaves(layer)], entries)
    pairs = pairs or _in_order([one for layer in layers for one in _variables(layer)], entries)
    if pairs is None:
        shown = printable(name, 60)
        raise Refused(
            f"weights that are not those of its layer {shown}" if entries else f"no weights of {shown}"
        )
    for variable, array in pairs:
        variable.assign(array)


def _leaves(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    if hasattr(layer, "layers"):
        for one in layer.layers:
            yield from _leaves(one)
    else:
        yield layer


def _variables(layer: keras.layers.Layer) -> list[Any]:
    """The weights of a layer in the order of old files: trainable ones come first."""
    found = [*layer.trainable_weights, *layer.non_trainable_weights]
    return [one for one in found if one.name not in _UNUSED]


def _by_name(leaves: Iterable[keras.layers.Layer], entries: Entries) -> list[tuple[Any, np.ndarray]] | None:
    """Each variable with its array; None unless every one has exactly one of its shape."""
    whole: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    ends: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for name, array in entries:
        within, _, short = _stem(name).rpartition("/")
        parts = within.split("/")
        whole["_".join(parts), short].append(array)
        for start in range(1, len(parts)):
            ends["_".join(parts[start:]), short].append(array)
    pairs = []
    for leaf in leaves:
        for variable in _variables(leaf):
            names = [variable.name, *(old for old, new in _ALIASES.items() if new == variable.name)]
            fitting = next(
                (found for found in (whole, ends) if any((leaf.name, one) in found for one in names)), ends
            )
            arrays = [one for name in names for one in fitting.get((leaf.name, name), ())]
            if len(arrays) != 1 or arrays[0].shape != tuple(variable.shape):
                return None
            pairs.append((variable, arrays[0]))
    return pairs if len(pairs) == len(entries) else None


def _in_order(variables: Sequence[Any], entries: Entries) -> list[tuple[Any, np.ndarray]] | None:
    shapes = [tuple(one.shape) for one in variables]
    if shapes != [array.shape for _, array in entries]:
        return None
    return list(zip(variables, (array for _, array in entries), strict=True))


def _stem(name: str) -> str:
    return name.partition(":")[0]
