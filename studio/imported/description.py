"""Converts an untrusted network description of any Keras version to one that Keras 3 can build."""

from __future__ import annotations

from typing import Any

from studio.imported import config_check, network_repair

_HARD_SIGMOID = "hard_sigmoid"
# Keras 2: clip(x / 5 + 1 / 2, 0, 1). Keras 3: clip(x / 6 + 1 / 2, 0, 1).
_SLOPE_RATIO = 6 / 5


def prepare(config: Any, version: Any) -> Any:
    """Checks the types of a description, repairs it for Keras 3, and checks its parts.

    Args:
        config: JSON of the file.
        version: Keras version in the file; None without.

    Raises:
        Refused: if no Keras version writes such a description, or it has a part that is not allowed.
    """
    config_check.check_types(config)
    config = network_repair.repair(_convert_keras_2(config) if _is_old(version) else config)
    config_check.check_parts(config)
    return config


def _is_old(version: Any) -> bool:
    """Tells whether a file is from before Keras 3; so are files without a version."""
    if isinstance(version, bytes):
        version = version.decode("utf-8", "replace")
    return not (isinstance(version, str) and version.startswith("3."))


def _convert_keras_2(value: Any, key: str = "") -> Any:
    """Adapts parts of Keras 2 and TensorFlow.js whose defaults differ in Keras 3."""
    if key.endswith("activation") and _is_hard_sigmoid(value):
        return _build_keras_2_hard_sigmoid()
    if isinstance(value, list):
        return [_convert_keras_2(item, key) for item in value]
    if not isinstance(value, dict):
        return value
    part = {name: _convert_keras_2(item, name) for name, item in value.items()}
    if part.get("class_name") == "GRU" and isinstance(part.get("config"), dict):
        part["config"] = {"reset_after": False} | part["config"]  # the default before Keras 2 had the option
    return part


def _is_hard_sigmoid(value: Any) -> bool:
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config")
    return value == _HARD_SIGMOID


def _build_keras_2_hard_sigmoid() -> dict[str, Any]:
    """Returns two layers that compute Keras 2's hard sigmoid, because Keras 3's has another slope."""
    layer_configs = [
        ("Rescaling", {"scale": _SLOPE_RATIO, "offset": 0.0, "name": "steeper"}),
        ("Activation", {"activation": _HARD_SIGMOID, "name": "cut"}),
    ]
    layers = [
        {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}
        for class_name, config in layer_configs
    ]
    config = {"name": _HARD_SIGMOID, "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
