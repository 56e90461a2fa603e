"""Looks a network's description over before Keras sees it: parts from a list, sizes that can be."""

from __future__ import annotations

import re
from typing import Any

from studio.core.brought.checks import allowed_layers as names
from studio.core.errors import printable
from studio.core.untrusted.refusals import Refused

MOST_DEPTH = 64
MOST_LAYERS = 2000
MOST_UNITS = 2**16  # of a layer, or any other number that a setting may be
MOST_LENGTH = 2**26  # of an axis: what flattening a large picture leaves
MOST_TEXT = 10_000  # characters of a setting

_NAME = re.compile(r"[\w.\- ]+(/[\w.\- ]+)*")  # layers become paths in some of Keras' files
_CODE = ("Lambda", "__lambda__")
_FREE = ("seed", "shared_object_id")  # any number at all
_COUNTS = ("units", "filters")
_LENGTHS = ("args", "kwargs", "config")  # of operations: shapes stand there without a name
_LAYERS = ("keras.layers", *(module for module, found in names.ALLOWED.items() if found >= names.MODELS))


def check(config: Any) -> None:
    """Raises `Refused` unless a `config.json` describes a model of known parts and possible sizes.

    Args:
        config: what the JSON says.
    """
    if not isinstance(config, dict) or config.get("class_name") not in names.MODELS:
        raise Refused("a description of something else than a model of layers")
    layers = _check(config, "", trained=False)
    if layers > MOST_LAYERS:
        raise Refused(f"{layers:,} layers, more than {MOST_LAYERS:,}")


def _check(value: Any, key: str, trained: bool) -> int:
    """Looks a value over, and all in it.

    Args:
        value: of the JSON.
        key: the name that it stands under.
        trained: whether it tells how the model was trained; numbers there build nothing.

    Returns:
        How many layers are in it.
    """
    if isinstance(value, dict):
        layers = _part(value) if {"class_name", "registered_name", "module"} & value.keys() else 0
        _check_counts(value)
        within = [(one, name, trained or name == "compile_config") for name, one in value.items()]
        return layers + sum(_check(*one) for one in within)
    if isinstance(value, list):
        return sum(_check(one, key, trained) for one in value)
    if isinstance(value, str):
        _check_text(value, key)
    elif isinstance(value, int) and not trained and key not in _FREE:
        most = MOST_LENGTH if "shape" in key or key in _LENGTHS else MOST_UNITS
        if abs(value) > most:
            raise Refused(f"a size of {printable(str(value), 30)} ({printable(key, 40)}), more than {most:,}")
    return 0


def _part(part: dict[str, Any]) -> int:
    """Raises `Refused` unless a part is on the list. Returns whether it is a layer, as a number."""
    module, name, registered = part.get("module"), part.get("class_name"), part.get("registered_name")
    if isinstance(name, str) and name in names.VALUES and module in (None, "builtins"):
        return 0
    if name == "function" and module == "builtins":
        if part.get("config") in names.FUNCTIONS and registered in (None, "function", part["config"]):
            return 0
        raise _unknown(part.get("config"), "")
    if not (isinstance(module, str) and isinstance(name, str)):
        raise _unknown(name, module)
    if name not in names.ALLOWED.get(module, ()) or registered not in (None, name):
        raise _unknown(name, module)
    return int(module in _LAYERS or module.startswith(("keras.src.ops.", "keras.src.applications.")))


def _check_counts(part: dict[str, Any]) -> None:
    for key in _COUNTS:
        count = part.get(key, 1)
        if type(count) is not int or count < 1:
            raise Refused(f"a layer with {printable(str(count), 30)} {key}")


def _unknown(name: Any, module: Any) -> Refused:
    shown = f"{module}.{name}" if module else str(name)
    instead = "; it holds code: where that only scales, put Rescaling there" if name in _CODE else ""
    return Refused(f"{printable(shown, 80)}, which is none of the parts that are taken{instead}")


def _check_text(text: str, key: str) -> None:
    if len(text) > MOST_TEXT:
        raise Refused(f"a text of {len(text):,} characters in its description")
    if key == "name" and (not _NAME.fullmatch(text) or ".." in text):
        raise Refused(f"a layer named {printable(text, 60)}")
    if key.endswith("activation") and text not in names.ACTIVATIONS:
        raise _unknown(text, "")
    if key == "dtype" and text not in names.DTYPES and not text.startswith("mixed_"):
        raise Refused(f"numbers of type {printable(text, 40)}")
