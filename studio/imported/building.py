"""Builds a network from a checked description; first without a single number, to see its size."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studio.core.errors import printable
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

MOST_PARAMETERS = 200_000_000
MOST_ACTIVATIONS = 2**26  # numbers of one layer for one image
_OF_ALL = frozenset(["name", "trainable", "dtype"])  # settings that every layer takes


def fitted(part: Any) -> Any:
    """A description without settings that today's layers do not have, where those say nothing.

    Raises:
        Refused: where one says something: without it the network would compute otherwise.
    """
    import keras

    if isinstance(part, list):
        return [fitted(one) for one in part]
    if not isinstance(part, dict):
        return part
    part = {key: fitted(value) for key, value in part.items()}
    kind = getattr(keras.layers, str(part.get("class_name")), None)
    if part.get("module") != "keras.layers" or kind is None or not isinstance(part.get("config"), dict):
        return part
    taken = _OF_ALL | inspect.signature(kind.__init__).parameters.keys()
    if kind is keras.layers.InputLayer:
        taken |= {"batch_shape"}
    config = {key: value for key, value in part["config"].items() if key in taken}
    for key, value in part["config"].items():
        # True equals 1, which is the default of counts, but a flag that is on changes what a layer computes.
        if key not in taken and (value is True or value not in (None, False, [], {}, "", 1)):
            raise Refused(f"a {part['class_name']} with {printable(key, 40)}, which Keras no longer supports")
    return part | {"config": config}


def skeleton(config: dict[str, Any]) -> keras.Model:
    """The network with sizes, but without a single number: a description alone can ask for terabytes."""
    import keras

    try:
        with keras.StatelessScope(initialize_variables=False):
            return built(config)
    finally:
        keras.utils.clear_session()  # or Keras would fill them after all, at the end of the next such scope


def built(config: dict[str, Any]) -> keras.Model:
    """The network of a description, its numbers not yet those of the file."""
    import keras

    return keras.saving.deserialize_keras_object(config, safe_mode=True)


def check_size(network: keras.Model) -> None:
    """Raises `Refused` if a network has more numbers, or activations for one image, than it may."""
    if not getattr(network, "inputs", None):
        raise Refused("a network without a fixed input shape")
    count = network.count_params()
    if count > MOST_PARAMETERS:
        raise Refused(f"{count:,} parameters, more than {MOST_PARAMETERS:,}")
    for layer in all_layers(network):
        for shape in _shapes(layer):
            numbers = math.prod(size for size in shape if size is not None)
            if numbers > MOST_ACTIVATIONS:
                raise Refused(f"a layer with {numbers:,} activations per image")


def all_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Its layers, and those of the networks in it."""
    for layer in network.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from all_layers(layer)


def steps(network: Any) -> Iterator[Any]:
    """Its layers and operations from the input on, and those of the networks in it."""
    for step in getattr(network, "operations", None) or network.layers:
        if hasattr(step, "layers"):
            yield from steps(step)
        else:
            yield step


def _shapes(layer: keras.layers.Layer) -> list[tuple[int | None, ...]]:
    import keras

    try:
        return [tuple(one.shape) for one in keras.tree.flatten(layer.output)]
    except (AttributeError, ValueError):  # a part of another layer, or called more than once
        return []
