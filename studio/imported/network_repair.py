"""Repairs the description of a whole network, as any Keras wrote it, to one that Keras 3 takes.

Left out are the optimizer, losses and metrics, which inference does not need; the batch size; and layers that
are random in training alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.untrusted.refusals import Refused
from studio.imported import layer_repair, operation_repair
from studio.imported.layer_repair import Part

_GRAPHS = ("Functional", "Model", "Container")
_MOST_DEPTH = 40  # of networks in each other
_OPERATIONS = frozenset(
    "Clip Divide ExpandDims Flip GetItem Max Mean Squeeze Stack Sum Transpose TrueDivide".split()  # noqa: SIM905
)
_LAYERS_TOO = ("Add", "Maximum", "Minimum", "Multiply", "Subtract")  # of those the layers take one list
_CONSTANT = "_CONSTANT_VALUE"


def repair(part: Any) -> Any:
    """A description of a network of layers, as Keras 3 writes it; anything else as it is.

    Raises:
        Refused: if it has an operation in it that is not taken, or code in what is left out.
    """
    return _model(part, 0) if _is_model(part) else part


def _is_model(part: Any) -> bool:
    if not isinstance(part, dict) or part.get("class_name") not in (*_GRAPHS, "Sequential"):
        return False
    config, module = part.get("config"), part.get("module")
    ours = module in ("keras", "keras.models", "keras.src.models.functional", "keras.src.models.sequential")
    ours = ours or module == "keras.src.models.model"
    known = ours and part.get("registered_name") in (None, "Functional", "Model", "Sequential")
    return isinstance(config, dict | list) and (known or layer_repair.of_keras(part))


def _model(part: Part, depth: int) -> Part:
    if depth > _MOST_DEPTH:
        raise Refused("networks nested too deeply")
    layer_repair.check_dropped(part.get("compile_config"))
    config = part["config"]
    if isinstance(config, list):  # Keras 1 and early 2
        config = {"name": "network", "layers": config}
    if not isinstance(config.get("layers"), list) or not all(isinstance(o, dict) for o in config["layers"]):
        raise Refused("a network without layers")
    if part["class_name"] == "Sequential":
        found, name, module = _sequential(part, config, depth), "Sequential", "keras"
    else:
        found, name, module = _graph(config, depth), "Functional", "keras.src.models.functional"
    registered = None if name == "Sequential" else name
    return {"module": module, "class_name": name, "config": found, "registered_name": registered}


def _within(part: Part, depth: int) -> Part:
    return _model(part, depth + 1) if _is_model(part) else layer_repair.repair(part)


def _sequential(part: Part, config: Part, depth: int) -> Part:
    found = [_within(one, depth) for one in config["layers"]]
    if any(one.get("class_name") in operation_repair.CLASSES for one in found):
        raise Refused("an operation of TensorFlow among its layers")
    if not found or found[0].get("class_name") != "InputLayer":
        shape = _first_shape(part, config, found)
        if shape is not None:
            first = layer_repair.keras_layer(
                "InputLayer", {"batch_shape": layer_repair.sizes(shape), "dtype": "float32"}
            )
            first["config"]["name"] = f"{config.get('name', 'network')}_input"
            found.insert(0, first)
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_trainable(config),
        "layers": found,
    }


def _first_shape(part: Part, config: Part, found: list[Part]) -> Any:
    """The shape that goes into a network whose first layer is no input."""
    settings = config["layers"][0].get("config") if config["layers"] else None
    build = part.get("build_config")
    kept = [config.get("build_input_shape"), build.get("input_shape") if isinstance(build, Mapping) else None]
    if isinstance(settings, Mapping):
        kept.insert(0, settings.get("batch_input_shape") or settings.get("batch_shape"))
    if found and isinstance(inner := found[0].get("config"), Mapping) and "layers" in inner:
        kept.append(_shape_of(inner["layers"]))
    return next((one for one in kept if isinstance(one, list)), None)


def _shape_of(found: list[Part]) -> Any:
    first = next((one for one in found if one.get("class_name") == "InputLayer"), None)
    return first["config"].get("batch_shape") if first else None


def _trainable(config: Part) -> Part:
    """Which numbers stand first in old files depends on it."""
    return {"trainable": config["trainable"]} if isinstance(config.get("trainable"), bool) else {}


def _graph(config: Part, depth: int) -> Part:
    parts = config["layers"]
    calls = {_name(one): len(one.get("inbound_nodes") or ()) for one in parts}
    found = [_placed(one, calls, depth) for one in parts]
    ends = {key: _ends(config.get(key), calls) for key in ("input_layers", "output_layers")}
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_trainable(config),
        "layers": found,
        **ends,
    }


def _name(part: Part) -> Any:
    config = part.get("config")
    return layer_repair.plain_name(
        part.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
    )


def _placed(part: Part, calls: Mapping[Any, int], depth: int) -> Part:
    """A layer, and where what goes into it comes from."""
    nodes = part.get("inbound_nodes") or []
    if not isinstance(nodes, list):
        raise Refused("a layer whose inputs are not a list")
    if part.get("class_name") in operation_repair.CLASSES:
        return _operation(part, nodes, calls)
    part = _of_today(part, nodes)
    found = dict(_within(part, depth))
    # Operations of today's Keras stand there without a name of their own among their settings.
    found |= {"name": _name(part), "inbound_nodes": [_node(one, calls) for one in nodes]}
    return found


def _of_today(part: Part, nodes: list[Any]) -> Part:
    """An operation of Keras 3, which its HDF5 files keep without saying that it is no layer."""
    first = nodes[0] if nodes else None
    if part.get("module") is not None or not isinstance(first, dict):
        return part
    name, several = part.get("class_name"), len(first.get("args") or ()) > 1
    if name in _OPERATIONS or (name in _LAYERS_TOO and several):
        return {**part, "module": "keras.src.ops.numpy", "registered_name": name}
    return part


def _operation(part: Part, nodes: list[Any], calls: Mapping[Any, int]) -> Part:
    layer: Part = {}
    placed = []
    for node in nodes:
        tensors, others = _apart(node, calls)
        layer, tensors = operation_repair.Operation(part, tensors, others).layer()
        placed.append(_call(tensors, {}))
    if not layer:
        raise Refused("an operation without inputs")
    return layer | {"name": layer["config"]["name"], "inbound_nodes": placed}


def _node(node: Any, calls: Mapping[Any, int]) -> Any:
    """One call of a layer."""
    if isinstance(node, dict):  # Keras 3 writes them so
        others = node.get("kwargs")
        if isinstance(others, dict):
            unused = [key for key in ("training", "mask") if not isinstance(others.get(key), dict)]
            node = node | {"kwargs": {key: one for key, one in others.items() if key not in unused}}
        return node
    tensors, others = _apart(node, calls)
    kept = {key: one for key, one in others.items() if isinstance(one, dict)}
    return _call(tensors, kept)


def _apart(node: Any, calls: Mapping[Any, int]) -> tuple[list[Any], Part]:
    """The tensors that go in, as today's Keras writes them, and what else a layer was called with."""
    entries = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    if not isinstance(entries, list):
        raise Refused("a layer whose inputs are not a list")
    tensors: list[Any] = []
    others: Part = {}
    for entry in entries:
        if not (isinstance(entry, list) and 3 <= len(entry) <= 4 and isinstance(entry[0], str)):
            raise Refused("a layer whose inputs are not a list")
        more = entry[3] if len(entry) == 4 and isinstance(entry[3], dict) else {}
        if entry[0] == _CONSTANT:
            others["x"] = entry[2]
        else:
            tensors.append(_tensor(entry, calls))
        for key, one in more.items():
            if _is_place(one, calls):
                one = _tensor(one, calls)
                tensors += [one] if key in ("x", "y") else []
            others[key] = one
    return tensors, others


def _is_place(value: Any, calls: Mapping[Any, int]) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and layer_repair.plain_name(value[0]) in calls
    )


def _tensor(entry: list[Any], calls: Mapping[Any, int]) -> Part:
    history = [
        layer_repair.plain_name(entry[0]),
        _call_number(layer_repair.plain_name(entry[0]), entry[1], calls),
        entry[2],
    ]
    settings = {"shape": [None], "dtype": "float32", "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": settings}


def _call_number(name: Any, number: Any, calls: Mapping[Any, int]) -> Any:
    """Which call of a layer is meant: networks in networks once counted the one that made them, too."""
    count = calls.get(name, 0) if isinstance(name, str) else 0
    return number - 1 if type(number) is int and 0 < count <= number else number


def _call(tensors: list[Any], others: Part) -> Part:
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": others}


def _ends(places: Any, calls: Mapping[Any, int]) -> Any:
    if isinstance(places, list) and len(places) == 3 and isinstance(places[0], str):
        name = layer_repair.plain_name(places[0])
        return [name, _call_number(name, places[1], calls), places[2]]
    if isinstance(places, list) and len(places) == 1:  # a network of one input takes it alone, not in a list
        return _ends(places[0], calls)
    return [_ends(one, calls) for one in places] if isinstance(places, list) else places
