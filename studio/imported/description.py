"""From an untrusted description of a network, as any Keras wrote it, to one that Keras 3 may build."""

from __future__ import annotations

from typing import Any

from studio.imported import config_check, network_repair

_NAME = "hard_sigmoid"
# Keras 2: clip(x / 5 + 1 / 2, 0, 1). Keras 3: clip(x / 6 + 1 / 2, 0, 1).
_STEEPER = 6 / 5


def prepare(config: Any, version: Any) -> Any:
    """A description for Keras 3: its types checked, then repaired, then its parts checked against the list.

    Args:
        config: of the file's JSON.
        version: of the Keras that wrote it, as the file names it; None if it does not.

    Raises:
        Refused: if no Keras version writes it so, or it asks for a part that is not on the list.
    """
    config_check.check_types(config)
    config = network_repair.repair(_from_keras_2(config) if _is_old(version) else config)
    config_check.check_parts(config)
    return config


def _is_old(version: Any) -> bool:
    """Whether a file was written before Keras 3; so were those that name no version."""
    if isinstance(version, bytes):
        version = version.decode("utf-8", "replace")
    return not (isinstance(version, str) and version.startswith("3."))


def _from_keras_2(value: Any, key: str = "") -> Any:
    """A part of a description of Keras 2 or TensorFlow.js, changed where Keras 3 computes otherwise."""
    if key.endswith("activation") and _is_hard_sigmoid(value):
        return _hard_sigmoid()
    if isinstance(value, list):
        return [_from_keras_2(one, key) for one in value]
    if not isinstance(value, dict):
        return value
    part = {name: _from_keras_2(one, name) for name, one in value.items()}
    if part.get("class_name") == "GRU" and isinstance(part.get("config"), dict):
        part["config"] = {"reset_after": False} | part["config"]  # as it was before there was a choice
    return part


def _is_hard_sigmoid(value: Any) -> bool:
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config")
    return value == _NAME


def _hard_sigmoid() -> dict[str, Any]:
    """Two layers in place of a function: no function of Keras 3 has that slope."""
    steps = [
        ("Rescaling", {"scale": _STEEPER, "offset": 0.0, "name": "steeper"}),
        ("Activation", {"activation": _NAME, "name": "cut"}),
    ]
    layers = [
        {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}
        for kind, config in steps
    ]
    config = {"name": _NAME, "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
