"""Builds a network from a checked description; first without allocating weights, to check its size."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studio.core.errors import make_printable
from studio.core.untrusted.refusals import Refused

if TYPE_CHECKING:
    import keras

MAX_PARAMETERS = 200_000_000
MAX_ACTIVATIONS = 2**26  # of one layer, for one image
_COMMON_SETTINGS = frozenset(["name", "trainable", "dtype"])  # settings of every layer


def drop_unknown_settings(part: Any) -> Any:
    """Removes settings that current layers lack, if these have a neutral value.

    Raises:
        Refused: if one has an effect: without it the network would compute something else.
    """
    import keras

    if isinstance(part, list):
        return [drop_unknown_settings(child) for child in part]
    if not isinstance(part, dict):
        return part
    part = {key: drop_unknown_settings(value) for key, value in part.items()}
    layer_class = getattr(keras.layers, str(part.get("class_name")), None)
    if (
        part.get("module") != "keras.layers"
        or layer_class is None
        or not isinstance(part.get("config"), dict)
    ):
        return part
    known_settings = _COMMON_SETTINGS | inspect.signature(layer_class.__init__).parameters.keys()
    if layer_class is keras.layers.InputLayer:
        known_settings |= {"batch_shape"}
    config = {key: value for key, value in part["config"].items() if key in known_settings}
    for key, value in part["config"].items():
        # True equals 1, the neutral value of counts, but a flag set to True changes what a layer computes.
        if key not in known_settings and (value is True or value not in (None, False, [], {}, "", 1)):
            raise Refused(
                f"a {part['class_name']} with {make_printable(key, 40)}, which Keras no longer supports"
            )
    return part | {"config": config}


def build_skeleton(config: dict[str, Any]) -> keras.Model:
    """Builds the network without allocating weights: a short description can ask for terabytes."""
    import keras

    try:
        with keras.StatelessScope(initialize_variables=False):
            return build(config)
    finally:
        keras.utils.clear_session()  # or Keras would allocate the weights at the end of the next such scope


def build(config: dict[str, Any]) -> keras.Model:
    """Builds the network of a description, with initial weights."""
    import keras

    return keras.saving.deserialize_keras_object(config, safe_mode=True)


def check_size(network: keras.Model) -> None:
    """Raises `Refused` if a network has too many parameters, or too many activations for one image."""
    if not getattr(network, "inputs", None):
        raise Refused("a network without a fixed input shape")
    parameters = network.count_params()
    if parameters > MAX_PARAMETERS:
        raise Refused(f"{parameters:,} parameters, more than {MAX_PARAMETERS:,}")
    for layer in iterate_layers(network):
        for shape in _list_output_shapes(layer):
            count = math.prod(size for size in shape if size is not None)
            if count > MAX_ACTIVATIONS:
                raise Refused(f"a layer with {count:,} activations per image")


def iterate_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields all layers, also those of nested networks."""
    for layer in network.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from iterate_layers(layer)


def iterate_steps(network: Any) -> Iterator[Any]:
    """Yields all layers and operations from the input on, also those of nested networks."""
    for step in getattr(network, "operations", None) or network.layers:
        if hasattr(step, "layers"):
            yield from iterate_steps(step)
        else:
            yield step


def _list_output_shapes(layer: keras.layers.Layer) -> list[tuple[int | None, ...]]:
    """Returns the shapes of a layer's outputs; empty if Keras does not know them."""
    import keras

    try:
        return [tuple(tensor.shape) for tensor in keras.tree.flatten(layer.output)]
    except (AttributeError, ValueError):  # part of another layer, or called more than once
        return []
