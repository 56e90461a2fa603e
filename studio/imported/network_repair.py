"""Converts the description of a network from any Keras version to Keras 3.

Drops the optimizer, losses and metrics, which inference does not need, the batch size, and layers that are
random in training only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.untrusted.refusals import Refused
from studio.imported import layer_repair, operation_repair
from studio.imported.layer_repair import Part

_GRAPHS = ("Functional", "Model", "Container")
_MOST_DEPTH = 40  # of nested networks
_OPERATIONS = frozenset(
    "Clip Divide ExpandDims Flip GetItem Max Mean Squeeze Stack Sum Transpose TrueDivide".split()  # noqa: SIM905
)
_ALSO_LAYERS = ("Add", "Maximum", "Minimum", "Multiply", "Subtract")  # as layers these take one list
_CONSTANT = "_CONSTANT_VALUE"


def repair(part: Any) -> Any:
    """Returns a network in Keras 3's format; other values unchanged.

    Raises:
        Refused: if it has an operation that is not supported, or code in dropped settings.
    """
    return _model(part, 0) if _is_model(part) else part


def _is_model(part: Any) -> bool:
    if not isinstance(part, dict) or part.get("class_name") not in (*_GRAPHS, "Sequential"):
        return False
    config, module = part.get("config"), part.get("module")
    is_keras_module = module in (
        "keras",
        "keras.models",
        "keras.src.models.functional",
        "keras.src.models.sequential",
    )
    is_keras_module = is_keras_module or module == "keras.src.models.model"
    is_known = is_keras_module and part.get("registered_name") in (None, "Functional", "Model", "Sequential")
    return isinstance(config, dict | list) and (is_known or layer_repair.of_keras(part))


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
        settings, name, module = _sequential(part, config, depth), "Sequential", "keras"
    else:
        settings, name, module = _graph(config, depth), "Functional", "keras.src.models.functional"
    registered_name = None if name == "Sequential" else name
    return {"module": module, "class_name": name, "config": settings, "registered_name": registered_name}


def _repair_part(part: Part, depth: int) -> Part:
    return _model(part, depth + 1) if _is_model(part) else layer_repair.repair(part)


def _sequential(part: Part, config: Part, depth: int) -> Part:
    layers = [_repair_part(layer, depth) for layer in config["layers"]]
    if any(layer.get("class_name") in operation_repair.CLASSES for layer in layers):
        raise Refused("an operation of TensorFlow among its layers")
    if not layers or layers[0].get("class_name") != "InputLayer":
        shape = _first_shape(part, config, layers)
        if shape is not None:
            first = layer_repair.keras_layer(
                "InputLayer", {"batch_shape": layer_repair.sizes(shape), "dtype": "float32"}
            )
            first["config"]["name"] = f"{config.get('name', 'network')}_input"
            layers.insert(0, first)
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_trainable(config),
        "layers": layers,
    }


def _first_shape(part: Part, config: Part, layers: list[Part]) -> Any:
    """Returns the input shape of a network without an input layer."""
    settings = config["layers"][0].get("config") if config["layers"] else None
    build = part.get("build_config")
    candidates = [
        config.get("build_input_shape"),
        build.get("input_shape") if isinstance(build, Mapping) else None,
    ]
    if isinstance(settings, Mapping):
        candidates.insert(0, settings.get("batch_input_shape") or settings.get("batch_shape"))
    if layers and isinstance(inner := layers[0].get("config"), Mapping) and "layers" in inner:
        candidates.append(_shape_of(inner["layers"]))
    return next((shape for shape in candidates if isinstance(shape, list)), None)


def _shape_of(layers: list[Part]) -> Any:
    first = next((layer for layer in layers if layer.get("class_name") == "InputLayer"), None)
    return first["config"].get("batch_shape") if first else None


def _trainable(config: Part) -> Part:
    """Keeps `trainable`, because it decides the order of weights in old files."""
    return {"trainable": config["trainable"]} if isinstance(config.get("trainable"), bool) else {}


def _graph(config: Part, depth: int) -> Part:
    parts = config["layers"]
    calls = {_name(part): len(part.get("inbound_nodes") or ()) for part in parts}
    layers = [_graph_layer(part, calls, depth) for part in parts]
    ends = {key: _ends(config.get(key), calls) for key in ("input_layers", "output_layers")}
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_trainable(config),
        "layers": layers,
        **ends,
    }


def _name(part: Part) -> Any:
    config = part.get("config")
    return layer_repair.plain_name(
        part.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
    )


def _graph_layer(part: Part, calls: Mapping[Any, int], depth: int) -> Part:
    """Converts a layer of a graph, with its inputs."""
    nodes = part.get("inbound_nodes") or []
    if not isinstance(nodes, list):
        raise Refused("a layer whose inputs are not a list")
    if part.get("class_name") in operation_repair.CLASSES:
        return _operation(part, nodes, calls)
    part = _keras_3_operation(part, nodes)
    layer = dict(_repair_part(part, depth))
    # Keras 3 operations have no name among their settings.
    layer |= {"name": _name(part), "inbound_nodes": [_node(node, calls) for node in nodes]}
    return layer


def _keras_3_operation(part: Part, nodes: list[Any]) -> Part:
    """Marks Keras 3 operations, which HDF5 files store like layers."""
    first = nodes[0] if nodes else None
    if part.get("module") is not None or not isinstance(first, dict):
        return part
    name, has_several_inputs = part.get("class_name"), len(first.get("args") or ()) > 1
    if name in _OPERATIONS or (name in _ALSO_LAYERS and has_several_inputs):
        return {**part, "module": "keras.src.ops.numpy", "registered_name": name}
    return part


def _operation(part: Part, nodes: list[Any], calls: Mapping[Any, int]) -> Part:
    layer: Part = {}
    call_nodes = []
    for node in nodes:
        tensors, arguments = _split_call(node, calls)
        layer, tensors = operation_repair.Operation(part, tensors, arguments).layer()
        call_nodes.append(_call(tensors, {}))
    if not layer:
        raise Refused("an operation without inputs")
    return layer | {"name": layer["config"]["name"], "inbound_nodes": call_nodes}


def _node(node: Any, calls: Mapping[Any, int]) -> Any:
    """Converts one call of a layer."""
    if isinstance(node, dict):  # Keras 3's format
        arguments = node.get("kwargs")
        if isinstance(arguments, dict):
            unused_keys = [key for key in ("training", "mask") if not isinstance(arguments.get(key), dict)]
            node = node | {
                "kwargs": {key: value for key, value in arguments.items() if key not in unused_keys}
            }
        return node
    tensors, arguments = _split_call(node, calls)
    tensor_arguments = {key: value for key, value in arguments.items() if isinstance(value, dict)}
    return _call(tensors, tensor_arguments)


def _split_call(node: Any, calls: Mapping[Any, int]) -> tuple[list[Any], Part]:
    """Returns the input tensors of a call in Keras 3's format, and its other arguments."""
    entries = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    if not isinstance(entries, list):
        raise Refused("a layer whose inputs are not a list")
    tensors: list[Any] = []
    arguments: Part = {}
    for entry in entries:
        if not (isinstance(entry, list) and 3 <= len(entry) <= 4 and isinstance(entry[0], str)):
            raise Refused("a layer whose inputs are not a list")
        keyword_tensors = entry[3] if len(entry) == 4 and isinstance(entry[3], dict) else {}
        if entry[0] == _CONSTANT:
            arguments["x"] = entry[2]
        else:
            tensors.append(_tensor(entry, calls))
        for key, value in keyword_tensors.items():
            if _is_place(value, calls):
                value = _tensor(value, calls)
                tensors += [value] if key in ("x", "y") else []
            arguments[key] = value
    return tensors, arguments


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
    """Corrects the index of a layer's call: old versions also counted the one that built a nested network."""
    count = calls.get(name, 0) if isinstance(name, str) else 0
    return number - 1 if type(number) is int and 0 < count <= number else number


def _call(tensors: list[Any], arguments: Part) -> Part:
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": arguments}


def _ends(ends: Any, calls: Mapping[Any, int]) -> Any:
    if isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str):
        name = layer_repair.plain_name(ends[0])
        return [name, _call_number(name, ends[1], calls), ends[2]]
    if isinstance(ends, list) and len(ends) == 1:  # a single input or output is not a list in Keras 3
        return _ends(ends[0], calls)
    return [_ends(end, calls) for end in ends] if isinstance(ends, list) else ends
