"""Checks the shape of an untrusted network description, so that repairing it can rely on its types.

What Keras versions write differs in names and defaults, which `mending` handles. The types below hold for all
of them: who finds another type has a damaged or forged file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.core.errors import printable
from studio.core.untrusted.refusals import Refused

_MOST_NUMBER = 2**63  # larger whole numbers do not convert to floats or sizes
_HISTORY = 3  # layer, call, output
_PLACE = (3, 4)  # the same, and perhaps what else the layer was called with
_CONSTANT = "_CONSTANT_VALUE"
_NETWORKS = ("Container", "Functional", "Model", "Sequential")


def check(value: Any) -> None:
    """Raises `Refused` unless the parts of a description have the types that every Keras version writes.

    Args:
        value: the JSON, or a part of it; at most `config_check.MOST_DEPTH` deep.
    """
    if isinstance(value, dict):
        for key, one in value.items():
            if (rule := _RULES.get(key)) is not None and not rule(one):
                raise Refused(f"a {printable(key, 40)} that no Keras version writes")
            check(one)
        if value.get("class_name") == "function" and not isinstance(value.get("config", ""), str):
            raise Refused("a function without a name")
    elif isinstance(value, list):
        for one in value:
            check(one)
    elif isinstance(value, int) and abs(value) >= _MOST_NUMBER:
        raise Refused("a number that is too large")
    elif isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
        raise Refused("a text that is no Unicode")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_part_or_text(value: Any) -> bool:
    """Whether it can be a function's name or a part that stands for one."""
    return value is None or isinstance(value, str | dict)


def _are_parts(value: Any) -> bool:
    """Whether it can be the layers of a network."""
    return isinstance(value, list) and all(_is_part(one) for one in value)


def _is_part(value: Any) -> bool:
    """Whether it has a class and settings; those of a network are a list of its layers in Keras 1."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("class_name"), str):
        return False
    config = value.get("config")
    return isinstance(config, dict) or (isinstance(config, list) and kind in _NETWORKS)


def _are_nodes(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(_is_node(one) for one in value))


def _is_node(value: Any) -> bool:
    """Whether it can be one call of a layer: as Keras 3 writes it, one place, or a list of places."""
    if isinstance(value, dict):
        return isinstance(value.get("args", []), list) and isinstance(value.get("kwargs", {}), dict)
    return _is_place(value) or (isinstance(value, list) and all(_is_place(one) for one in value))


def _is_place(value: Any) -> bool:
    """Whether it names an output of a layer's call, or holds a constant in place of one."""
    if not (isinstance(value, list) and len(value) in _PLACE and isinstance(value[0], str)):
        return False
    return (value[0] == _CONSTANT or type(value[2]) is int) and type(value[1]) is int


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and len(value) == _HISTORY and _is_place(value)


def _are_ends(value: Any) -> bool:
    """Whether it can say where a network begins or ends: a place, or lists or dictionaries of such."""
    if isinstance(value, dict):
        return all(_are_ends(one) for one in value.values())
    return _is_place(value) or (isinstance(value, list) and all(_are_ends(one) for one in value))


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
