"""Checks an untrusted network description before Keras reads it: its types, then its parts and sizes.

Keras versions differ in names and defaults, which `network_repair` handles between the two checks. The types
are the same in all versions: another type means a damaged or forged file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from studio.core.errors import make_printable
from studio.core.untrusted.refusals import Refused
from studio.imported import allowed_layers

MAX_DEPTH = 64
MAX_LAYERS = 2000
MAX_UNITS = 2**16  # of a layer; also the limit of any other setting
MAX_LENGTH = 2**26  # of an axis, such as a flattened large image
MAX_CHARACTERS = 10_000  # characters of a setting

_NAME = re.compile(r"[\w.\- ]+(/[\w.\- ]+)*")  # layer names become paths in some of Keras' files
_CODE_LAYERS = ("Lambda", "__lambda__")
_UNLIMITED_SETTINGS = ("seed", "shared_object_id")  # settings without a limit
_COUNT_KEYS = ("units", "filters")
_SHAPE_KEYS = ("args", "kwargs", "config")  # of operations: they contain shapes without a name
_LAYER_MODULES = (
    "keras.layers",
    *(module for module, names in allowed_layers.ALLOWED.items() if names >= allowed_layers.MODELS),
)
_MAX_INTEGER = 2**63  # larger whole numbers do not convert to floats or sizes
_HISTORY_LENGTH = 3  # of [layer, call, output]
_REFERENCE_LENGTHS = (3, 4)  # the same, optionally with keyword arguments of the call
_CONSTANT = "_CONSTANT_VALUE"
_NETWORKS = ("Container", "Functional", "Model", "Sequential")


def check_types(value: Any) -> None:
    """Raises `Refused` unless all parts of a description have the types that every Keras version writes.

    Args:
        value: JSON, or a part of it; at most `MAX_DEPTH` deep.
    """
    if isinstance(value, dict):
        for key, child in value.items():
            if (rule := _TYPE_CHECKS.get(key)) is not None and not rule(child):
                raise Refused(f"a {make_printable(key, 40)} that no Keras version writes")
            check_types(child)
        if value.get("class_name") == "function" and not isinstance(value.get("config", ""), str):
            raise Refused("a function without a name")
    elif isinstance(value, list):
        for child in value:
            check_types(child)
    elif isinstance(value, int) and abs(value) >= _MAX_INTEGER:
        raise Refused("a number that is too large")
    elif isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused("text that is not valid Unicode")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_part_or_text(value: Any) -> bool:
    """Tells whether a value is a function's name, or a part in place of one."""
    return value is None or isinstance(value, str | dict)


def _are_parts(value: Any) -> bool:
    """Tells whether a value is a list of layers."""
    return isinstance(value, list) and all(_is_part(part) for part in value)


def _is_part(value: Any) -> bool:
    """Tells whether a value is a class with settings; those of a Keras 1 network are a list of layers."""
    if not isinstance(value, dict) or not isinstance(class_name := value.get("class_name"), str):
        return False
    config = value.get("config")
    return isinstance(config, dict) or (isinstance(config, list) and class_name in _NETWORKS)


def _are_nodes(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(_is_node(node) for node in value))


def _is_node(value: Any) -> bool:
    """Tells whether a value is a call of a layer: in Keras 3's format, one input, or a list of inputs."""
    if isinstance(value, dict):
        return isinstance(value.get("args", []), list) and isinstance(value.get("kwargs", {}), dict)
    return _is_tensor_reference(value) or (
        isinstance(value, list) and all(_is_tensor_reference(entry) for entry in value)
    )


def _is_tensor_reference(value: Any) -> bool:
    """Tells whether a value names an output of a layer's call, or is a constant in place of one."""
    if not (isinstance(value, list) and len(value) in _REFERENCE_LENGTHS and isinstance(value[0], str)):
        return False
    return (value[0] == _CONSTANT or type(value[2]) is int) and type(value[1]) is int


def _is_keras_history(value: Any) -> bool:
    return isinstance(value, list) and len(value) == _HISTORY_LENGTH and _is_tensor_reference(value)


def _are_endpoints(value: Any) -> bool:
    """Tells whether a value is the inputs or outputs of a network: one, or a list or dictionary of them."""
    if isinstance(value, dict):
        return all(_are_endpoints(endpoint) for endpoint in value.values())
    return _is_tensor_reference(value) or (
        isinstance(value, list) and all(_are_endpoints(endpoint) for endpoint in value)
    )


_TYPE_CHECKS: dict[str, Callable[[Any], bool]] = {
    "class_name": _is_text,
    "module": _is_text_or_none,
    "registered_name": _is_text_or_none,
    "name": _is_text_or_none,
    "dtype": _is_part_or_text,
    "activation": _is_part_or_text,
    "recurrent_activation": _is_part_or_text,
    "layers": _are_parts,
    "inbound_nodes": _are_nodes,
    "keras_history": _is_keras_history,
    "input_layers": _are_endpoints,
    "output_layers": _are_endpoints,
}


def check_parts(config: Any) -> None:
    """Raises `Refused` unless a description is a model of allowed parts and possible sizes.

    Args:
        config: JSON of the file.
    """
    if not isinstance(config, dict) or config.get("class_name") not in allowed_layers.MODELS:
        raise Refused("a configuration that is not a model of layers")
    layer_count = _check_part(config, "", is_training_config=False)
    if layer_count > MAX_LAYERS:
        raise Refused(f"{layer_count:,} layers, more than {MAX_LAYERS:,}")


def _check_part(value: Any, key: str, is_training_config: bool) -> int:
    """Checks a value and everything in it.

    Args:
        value: JSON.
        key: its key in the parent.
        is_training_config: whether it is training configuration, whose numbers do not allocate anything.

    Returns:
        The number of layers in it.
    """
    if isinstance(value, dict):
        layer_count = _check_class(value) if {"class_name", "registered_name", "module"} & value.keys() else 0
        _check_counts(value)
        children = [
            (child, name, is_training_config or name == "compile_config") for name, child in value.items()
        ]
        return layer_count + sum(_check_part(*child) for child in children)
    if isinstance(value, list):
        return sum(_check_part(child, key, is_training_config) for child in value)
    if isinstance(value, str):
        _check_text(value, key)
    elif isinstance(value, int) and not is_training_config and key not in _UNLIMITED_SETTINGS:
        limit = MAX_LENGTH if "shape" in key or key in _SHAPE_KEYS else MAX_UNITS
        if abs(value) > limit:
            raise Refused(
                f"a size of {make_printable(str(value), 30)} ({make_printable(key, 40)}), more than {limit:,}"
            )
    return 0


def _check_class(part: dict[str, Any]) -> int:
    """Raises `Refused` unless a part is allowed. Returns 1 for a layer, otherwise 0."""
    module, name, registered_name = part.get("module"), part.get("class_name"), part.get("registered_name")
    if isinstance(name, str) and name in allowed_layers.VALUES and module in (None, "builtins"):
        return 0
    if name == "function" and module == "builtins":
        if part.get("config") in allowed_layers.FUNCTIONS and registered_name in (
            None,
            "function",
            part["config"],
        ):
            return 0
        raise _unsupported_part_error(part.get("config"), "")
    if not (isinstance(module, str) and isinstance(name, str)):
        raise _unsupported_part_error(name, module)
    if name not in allowed_layers.ALLOWED.get(module, ()) or registered_name not in (None, name):
        raise _unsupported_part_error(name, module)
    return int(module in _LAYER_MODULES or module.startswith(("keras.src.ops.", "keras.src.applications.")))


def _check_counts(part: dict[str, Any]) -> None:
    """Raises `Refused` unless the units or filters of a layer are 1 or more."""
    for key in _COUNT_KEYS:
        count = part.get(key, 1)
        if type(count) is not int or count < 1:
            raise Refused(f"a layer with {make_printable(str(count), 30)} {key}")


def _unsupported_part_error(name: Any, module: Any) -> Refused:
    title = f"{module}.{name}" if module else str(name)
    hint = "; it contains code (if it only scales, replace it with Rescaling)" if name in _CODE_LAYERS else ""
    return Refused(f"{make_printable(title, 80)}, which is not supported{hint}")


def _check_text(text: str, key: str) -> None:
    """Raises `Refused` for a text that is too long, or not allowed as the value of this key."""
    if len(text) > MAX_CHARACTERS:
        raise Refused(f"a text of {len(text):,} characters in its configuration")
    if key == "name" and (not _NAME.fullmatch(text) or ".." in text):
        raise Refused(f"a layer named {make_printable(text, 60)}")
    if key.endswith("activation") and text not in allowed_layers.ACTIVATIONS:
        raise _unsupported_part_error(text, "")
    if key == "dtype" and text not in allowed_layers.DTYPES and not text.startswith("mixed_"):
        raise Refused(f"numbers of type {make_printable(text, 40)}")
