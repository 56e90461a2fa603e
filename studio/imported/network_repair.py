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
_MAX_DEPTH = 40  # of nested networks
_OPERATIONS = frozenset(
    "Clip Divide ExpandDims Flip GetItem Max Mean Squeeze Stack Sum Transpose TrueDivide".split()  # noqa: SIM905
)
_OPERATIONS_OR_LAYERS = ("Add", "Maximum", "Minimum", "Multiply", "Subtract")  # as layers these take one list
_CONSTANT = "_CONSTANT_VALUE"


def repair(part: Any) -> Any:
    """Returns a network in Keras 3's format; other values unchanged.

    Raises:
        Refused: if it has an operation that is not supported, or code in dropped settings.
    """
    return _repair_model(part, depth=0) if _is_model(part) else part


def _is_model(part: Any) -> bool:
    """Tells whether a part is a network of Keras."""
    if not isinstance(part, dict) or part.get("class_name") not in (*_GRAPHS, "Sequential"):
        return False
    config, module = part.get("config"), part.get("module")
    is_keras_module = module in (
        "keras",
        "keras.models",
        "keras.src.models.functional",
        "keras.src.models.model",
        "keras.src.models.sequential",
    )
    is_known = is_keras_module and part.get("registered_name") in (None, "Functional", "Model", "Sequential")
    return isinstance(config, dict | list) and (is_known or layer_repair.is_keras_part(part))


def _repair_model(part: Part, depth: int) -> Part:
    """Converts a network at a depth of nesting."""
    if depth > _MAX_DEPTH:
        raise Refused("networks nested too deeply")
    layer_repair.check_dropped(part.get("compile_config"))
    config = part["config"]
    if isinstance(config, list):  # Keras 1 and early 2
        config = {"name": "network", "layers": config}
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise Refused("a network without layers")
    if part["class_name"] == "Sequential":
        settings, name, module = _repair_sequential(part, config, depth), "Sequential", "keras"
    else:
        settings, name, module = _repair_graph(config, depth), "Functional", "keras.src.models.functional"
    registered_name = None if name == "Sequential" else name
    return {"module": module, "class_name": name, "config": settings, "registered_name": registered_name}


def _repair_part(part: Part, depth: int) -> Part:
    return _repair_model(part, depth + 1) if _is_model(part) else layer_repair.repair(part)


def _repair_sequential(part: Part, config: Part, depth: int) -> Part:
    """Converts the settings of a Sequential network; adds an input layer if its input shape is known."""
    layers = [_repair_part(layer, depth) for layer in config["layers"]]
    if any(layer.get("class_name") in operation_repair.CLASSES for layer in layers):
        raise Refused("an operation of TensorFlow among its layers")
    if not layers or layers[0].get("class_name") != "InputLayer":
        shape = _find_input_shape(part, config, layers)
        if shape is not None:
            first = layer_repair.keras_layer(
                "InputLayer", {"batch_shape": layer_repair.with_any_batch_size(shape), "dtype": "float32"}
            )
            first["config"]["name"] = f"{config.get('name', 'network')}_input"
            layers.insert(0, first)
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_keep_trainable(config),
        "layers": layers,
    }


def _find_input_shape(part: Part, config: Part, layers: list[Part]) -> Any:
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
        input_layers = [layer for layer in inner["layers"] if layer.get("class_name") == "InputLayer"]
        candidates += [layer["config"].get("batch_shape") for layer in input_layers[:1]]
    return next((shape for shape in candidates if isinstance(shape, list)), None)


def _keep_trainable(config: Part) -> Part:
    """Returns `trainable` alone, if it is set: it decides the order of weights in old files."""
    return {"trainable": config["trainable"]} if isinstance(config.get("trainable"), bool) else {}


def _repair_graph(config: Part, depth: int) -> Part:
    """Converts the settings of a functional network."""
    parts = config["layers"]
    calls = {_layer_name(part): len(part.get("inbound_nodes") or ()) for part in parts}
    layers = [_repair_graph_layer(part, calls, depth) for part in parts]
    endpoints = {key: _repair_endpoints(config.get(key), calls) for key in ("input_layers", "output_layers")}
    return {
        "name": layer_repair.plain_name(config.get("name", "network")),
        **_keep_trainable(config),
        "layers": layers,
        **endpoints,
    }


def _layer_name(part: Part) -> Any:
    config = part.get("config")
    config_name = config.get("name") if isinstance(config, Mapping) else None
    return layer_repair.plain_name(part.get("name") or config_name)


def _repair_graph_layer(part: Part, calls: Mapping[Any, int], depth: int) -> Part:
    """Converts a layer of a graph, with its inputs.

    Args:
        part: from the file.
        calls: how often each layer of the graph is called, by name.
        depth: of nesting.
    """
    nodes = part.get("inbound_nodes") or []
    if not isinstance(nodes, list):
        raise Refused("a layer whose inputs are not a list")
    if part.get("class_name") in operation_repair.CLASSES:
        return _repair_operation(part, nodes, calls)
    part = _mark_keras_3_operation(part, nodes)
    layer = dict(_repair_part(part, depth))
    # Keras 3 operations have no name among their settings.
    layer |= {"name": _layer_name(part), "inbound_nodes": [_repair_node(node, calls) for node in nodes]}
    return layer


def _mark_keras_3_operation(part: Part, nodes: list[Any]) -> Part:
    """Adds its module to a Keras 3 operation, which HDF5 files store like a layer. Returns other parts."""
    first = nodes[0] if nodes else None
    if part.get("module") is not None or not isinstance(first, dict):
        return part
    name, has_several_inputs = part.get("class_name"), len(first.get("args") or ()) > 1
    if name in _OPERATIONS or (name in _OPERATIONS_OR_LAYERS and has_several_inputs):
        return {**part, "module": "keras.src.ops.numpy", "registered_name": name}
    return part


def _repair_operation(part: Part, nodes: list[Any], calls: Mapping[Any, int]) -> Part:
    """Converts an operation of TensorFlow to a layer."""
    layer: Part = {}
    call_nodes = []
    for node in nodes:
        tensors, arguments = _split_call(node, calls)
        layer, tensors = operation_repair.Operation(part, tensors, arguments).convert()
        call_nodes.append(_make_call(tensors, {}))
    if not layer:
        raise Refused("an operation without inputs")
    return layer | {"name": layer["config"]["name"], "inbound_nodes": call_nodes}


def _repair_node(node: Any, calls: Mapping[Any, int]) -> Any:
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
    return _make_call(tensors, tensor_arguments)


def _split_call(node: Any, calls: Mapping[Any, int]) -> tuple[list[Any], Part]:
    """Returns the input tensors of an old call in Keras 3's format, and its other arguments by name."""
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
            tensors.append(_make_tensor(entry, calls))
        for key, value in keyword_tensors.items():
            if _is_tensor_reference(value, calls):
                value = _make_tensor(value, calls)
                tensors += [value] if key in ("x", "y") else []
            arguments[key] = value
    return tensors, arguments


def _is_tensor_reference(value: Any, calls: Mapping[Any, int]) -> bool:
    """Tells whether a value is `[layer, call, output, ...]` of a layer in this graph."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and layer_repair.plain_name(value[0]) in calls
    )


def _make_tensor(entry: list[Any], calls: Mapping[Any, int]) -> Part:
    """Returns a tensor in Keras 3's format, from `[layer, call, output, ...]`."""
    history = _repair_reference(entry, calls)
    settings = {"shape": [None], "dtype": "float32", "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": settings}


def _repair_reference(entry: list[Any], calls: Mapping[Any, int]) -> list[Any]:
    """Returns `[layer, call, output]` with the layer's name and the index of its call in Keras 3.

    Old versions also counted the call that built a nested network.
    """
    name, call, output = layer_repair.plain_name(entry[0]), entry[1], entry[2]
    if type(call) is int and 0 < calls.get(name, 0) <= call:
        call -= 1
    return [name, call, output]


def _make_call(tensors: list[Any], arguments: Part) -> Part:
    """Returns a layer's call in Keras 3's format."""
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": arguments}


def _repair_endpoints(endpoints: Any, calls: Mapping[Any, int]) -> Any:
    """Converts the inputs or outputs of a network."""
    if not isinstance(endpoints, list):
        return endpoints
    if len(endpoints) == 3 and isinstance(endpoints[0], str):
        return _repair_reference(endpoints, calls)
    if len(endpoints) == 1:  # Keras 3 stores a single input or output without a list
        return _repair_endpoints(endpoints[0], calls)
    return [_repair_endpoints(endpoint, calls) for endpoint in endpoints]
