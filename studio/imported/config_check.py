"""Checks an untrusted network description before Keras reads it: its types, then its parts and sizes.

Keras versions differ in names and defaults, which `network_repair` handles between the two checks. The types
are the same in all versions: another type means a damaged or forged file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from studio.core.errors import printable
from studio.core.untrusted.refusals import Refused
from studio.imported import allowed_layers

MOST_DEPTH = 64
MOST_LAYERS = 2000
MOST_UNITS = 2**16  # of a layer; also the limit of any other setting
MOST_LENGTH = 2**26  # of an axis, such as a flattened large image
MOST_TEXT = 10_000  # characters of a setting

_NAME = re.compile(r"[\w.\- ]+(/[\w.\- ]+)*")  # layer names become paths in some of Keras' files
_CODE = ("Lambda", "__lambda__")
_FREE = ("seed", "shared_object_id")  # settings without a limit
_COUNTS = ("units", "filters")
_LENGTHS = ("args", "kwargs", "config")  # of operations: they contain shapes without a name
_LAYERS = (
    "keras.layers",
    *(module for module, names in allowed_layers.ALLOWED.items() if names >= allowed_layers.MODELS),
)
_MOST_NUMBER = 2**63  # larger whole numbers do not convert to floats or sizes
_HISTORY = 3  # layer, call, output
_PLACE = (3, 4)  # the same, optionally with keyword arguments of the call
_CONSTANT = "_CONSTANT_VALUE"
_NETWORKS = ("Container", "Functional", "Model", "Sequential")


def check_types(value: Any) -> None:
    """Raises `Refused` unless all parts of a description have the types that every Keras version writes.

    Args:
        value: JSON, or a part of it; at most `MOST_DEPTH` deep.
    """
    if isinstance(value, dict):
        for key, child in value.items():
            if (rule := _RULES.get(key)) is not None and not rule(child):
                raise Refused(f"a {printable(key, 40)} that no Keras version writes")
            check_types(child)
        if value.get("class_name") == "function" and not isinstance(value.get("config", ""), str):
            raise Refused("a function without a name")
    elif isinstance(value, list):
        for child in value:
            check_types(child)
    elif isinstance(value, int) and abs(value) >= _MOST_NUMBER:
        raise Refused("a number that is too large")
    elif isinstance(value, str) and any("\ud800" <= child <= "\udfff" for child in value):
        raise Refused("text that is not valid Unicode")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_part_or_text(value: Any) -> bool:
    """Accepts a function's name, or a part in place of one."""
    return value is None or isinstance(value, str | dict)


def _are_parts(value: Any) -> bool:
    """Accepts the layers of a network."""
    return isinstance(value, list) and all(_is_part(part) for part in value)


def _is_part(value: Any) -> bool:
    """Accepts a class with settings; those of a Keras 1 network are a list of layers."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("class_name"), str):
        return False
    config = value.get("config")
    return isinstance(config, dict) or (isinstance(config, list) and kind in _NETWORKS)


def _are_nodes(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(_is_node(node) for node in value))


def _is_node(value: Any) -> bool:
    """Accepts a call of a layer: in Keras 3's format, one input, or a list of inputs."""
    if isinstance(value, dict):
        return isinstance(value.get("args", []), list) and isinstance(value.get("kwargs", {}), dict)
    return _is_place(value) or (isinstance(value, list) and all(_is_place(place) for place in value))


def _is_place(value: Any) -> bool:
    """Accepts an output of a layer's call, or a constant in place of one."""
    if not (isinstance(value, list) and len(value) in _PLACE and isinstance(value[0], str)):
        return False
    return (value[0] == _CONSTANT or type(value[2]) is int) and type(value[1]) is int


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and len(value) == _HISTORY and _is_place(value)


def _are_ends(value: Any) -> bool:
    """Accepts inputs or outputs of a network: one, or lists or dictionaries of them."""
    if isinstance(value, dict):
        return all(_are_ends(end) for end in value.values())
    return _is_place(value) or (isinstance(value, list) and all(_are_ends(end) for end in value))


_RULES: dict[str, Callable[[Any], bool]] = {
    "class_name": _is_text,
    "module": _is_text_or_none,
    "registered_name": _is_text_or_none,
    "name": _is_text_or_none,
    "dtype": _is_part_or_text,
    "activation": _is_part_or_text,
    "recurrent_activation": _is_part_or_text,
    "layers": _are_parts,
    "inbound_nodes": _are_nodes,
    "keras_history": _is_history,
    "input_layers": _are_ends,
    "output_layers": _are_ends,
}


def check_parts(config: Any) -> None:
    """Raises `Refused` unless a description is a model of allowed parts and possible sizes.

    Args:
        config: JSON of the file.
    """
    if not isinstance(config, dict) or config.get("class_name") not in allowed_layers.MODELS:
        raise Refused("a configuration that is not a model of layers")
    layers = _check_part(config, "", is_training_config=False)
    if layers > MOST_LAYERS:
        raise Refused(f"{layers:,} layers, more than {MOST_LAYERS:,}")


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
        layers = _part(value) if {"class_name", "registered_name", "module"} & value.keys() else 0
        _check_counts(value)
        children = [
            (child, name, is_training_config or name == "compile_config") for name, child in value.items()
        ]
        return layers + sum(_check_part(*child) for child in children)
    if isinstance(value, list):
        return sum(_check_part(child, key, is_training_config) for child in value)
    if isinstance(value, str):
        _check_text(value, key)
    elif isinstance(value, int) and not is_training_config and key not in _FREE:
        most = MOST_LENGTH if "shape" in key or key in _LENGTHS else MOST_UNITS
        if abs(value) > most:
            raise Refused(f"a size of {printable(str(value), 30)} ({printable(key, 40)}), more than {most:,}")
    return 0


def _part(part: dict[str, Any]) -> int:
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
        raise _unknown(part.get("config"), "")
    if not (isinstance(module, str) and isinstance(name, str)):
        raise _unknown(name, module)
    if name not in allowed_layers.ALLOWED.get(module, ()) or registered_name not in (None, name):
        raise _unknown(name, module)
    return int(module in _LAYERS or module.startswith(("keras.src.ops.", "keras.src.applications.")))


def _check_counts(part: dict[str, Any]) -> None:
    for key in _COUNTS:
        count = part.get(key, 1)
        if type(count) is not int or count < 1:
            raise Refused(f"a layer with {printable(str(count), 30)} {key}")


def _unknown(name: Any, module: Any) -> Refused:
    title = f"{module}.{name}" if module else str(name)
    instead = "; it contains code (if it only scales, replace it with Rescaling)" if name in _CODE else ""
    return Refused(f"{printable(title, 80)}, which is not supported{instead}")


def _check_text(text: str, key: str) -> None:
    if len(text) > MOST_TEXT:
        raise Refused(f"a text of {len(text):,} characters in its configuration")
    if key == "name" and (not _NAME.fullmatch(text) or ".." in text):
        raise Refused(f"a layer named {printable(text, 60)}")
    if key.endswith("activation") and text not in allowed_layers.ACTIVATIONS:
        raise _unknown(text, "")
    if key == "dtype" and text not in allowed_layers.DTYPES and not text.startswith("mixed_"):
        raise Refused(f"numbers of type {printable(text, 40)}")
