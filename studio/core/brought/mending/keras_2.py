"""What Keras 2 and TensorFlow.js call as Keras 3 does, but compute otherwise: told in words of Keras 3."""

from __future__ import annotations

from typing import Any

_NAME = "hard_sigmoid"
# Keras 2: clip(x / 5 + 1 / 2, 0, 1). Keras 3: clip(x / 6 + 1 / 2, 0, 1).
_STEEPER = 6 / 5


def is_old(version: Any) -> bool:
    """Whether a file that names its Keras so was written before Keras 3; so were those that name none."""
    if isinstance(version, bytes):
        version = version.decode("utf-8", "replace")
    return not (isinstance(version, str) and version.startswith("3."))


def translated(value: Any, key: str = "") -> Any:
    """A description that Keras 2 wrote, or a part of it, which Keras 3 computes as Keras 2 did.

    Args:
        value: of the JSON.
        key: the name that it stands under.
    """
    if key.endswith("activation") and _is_hard_sigmoid(value):
        return _hard_sigmoid()
    if isinstance(value, list):
        return [translated(one, key) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: translated(one, name) for name, one in value.items()}
    if found.get("class_name") == "GRU" and isinstance(found.get("config"), dict):
        found["config"] = {"reset_after": False} | found["config"]  # as it was before there was a choice
    return found


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
