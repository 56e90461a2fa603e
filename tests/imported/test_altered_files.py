"""Altered model files are accepted, or rejected in one sentence."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from old_files import conv, dense, layer, old_network, sequential

from studio.core.errors import InvalidInput
from studio.imported import files

MUTANTS = 1500  # of each file
ODD = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "Dense",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    ["in", 0, 0],
    [["in", 0, 0, {}]],
    {"class_name": None, "config": None},
    {"args": [], "kwargs": {}},
    {"class_name": "function", "config": {}},
]


def make_keras_2_graph() -> dict:
    """Returns a graph with each form in which TensorFlow stored operations."""
    everything = {"start": None, "stop": None, "step": None}
    turned = {"slice_spec": [everything, everything, everything, everything | {"step": -1}]}
    first = layer("InputLayer", "in", batch_input_shape=[None, 8, 8, 3])
    steps = [
        (layer("TFOpLambda", "divided", function="math.truediv"), [["in", 0, 0, {"y": 127.5}]]),
        (layer("SlicingOpLambda", "turned", function="__operators__.getitem"), [["divided", 0, 0, turned]]),
        (layer("TensorFlowOpLayer", "more", node_def='op: "Mul"', constants={"1": 2.0}), [["turned", 0, 0]]),
        (layer("TFOpLambda", "sized", function="image.resize"), [["more", 0, 0, {"size": [8, 8]}]]),
        (conv(), [[["sized", 0, 0, {}]]]),
        (layer("GlobalAveragePooling2D", "mean"), [[["conv", 0, 0, {}]]]),
        (dense(), [[["mean", 0, 0, {}]]]),
    ]
    parts = [first | {"name": "in", "inbound_nodes": []}]
    parts += [part | {"name": part["config"]["name"], "inbound_nodes": nodes} for part, nodes in steps]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["dense", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "made", "layers": parts, **ends}}


def make_keras_3_graph() -> dict:
    def part(name: str, module: str, config: dict, source: str = "", registered: str | None = None) -> dict:
        history = {"shape": [None, 8, 8, 3], "dtype": "float32", "keras_history": [source, 0, 0]}
        call = {"args": [{"class_name": "__keras_tensor__", "config": history}, 127.5], "kwargs": {}}
        entry = {"module": module, "class_name": name, "config": config, "registered_name": registered}
        return entry | {"name": config["name"], "inbound_nodes": [call] if source else []}

    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    parts = [
        part("InputLayer", "keras.layers", {"batch_shape": [None, 8, 8, 3], "name": "in"}),
        part("Divide", "keras.src.ops.numpy", {"name": "divided"}, "in", "Divide"),
        part("Dense", "keras.layers", {"name": "dense", "units": 2, "dtype": policy}, "divided"),
    ]
    ends = {"input_layers": ["in", 0, 0], "output_layers": [["dense", 0, 0]]}
    model = {"module": "keras.src.models.functional", "class_name": "Functional"}
    config = {"name": "made", "layers": parts, **ends}
    training = {"loss": {"class_name": "function", "module": "builtins", "config": "accuracy"}}
    return model | {"registered_name": "Functional", "config": config, "compile_config": training}


GOOD = {
    "Keras 1": {"class_name": "Sequential", "config": old_network()["config"]["layers"]},
    "Keras 2": old_network(),
    "Keras 2, with operations": make_keras_2_graph(),
    "networks in each other": sequential(
        conv(batch_input_shape=[None, 8, 8, 3]), make_keras_2_graph(), dense()
    ),
    "Keras 3": make_keras_3_graph(),
}


def list_paths(value: Any, parents: tuple = ()) -> Iterator[tuple]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*parents, key)
        yield from list_paths(part, (*parents, key))


def get_value(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


def mutate(good: Any, rng: random.Random) -> Any:
    """Returns a copy with one to three values replaced, removed, duplicated or swapped."""
    changed = json.loads(json.dumps(good))
    for _ in range(rng.choice((1, 1, 2, 3))):
        *parents, key = rng.choice(list(list_paths(changed)) or [(None,)])
        if key is None:
            break
        container, choice = get_value(changed, tuple(parents)), rng.random()
        if choice < 0.7:
            container[key] = json.loads(json.dumps(rng.choice(ODD)))
        elif choice < 0.8:
            del container[key]
        elif choice < 0.9 or isinstance(container, dict):
            container[key] = json.loads(json.dumps(get_value(changed, rng.choice(list(list_paths(changed))))))
        else:
            container.append(json.loads(json.dumps(container[key])))
    return changed


def list_files(config: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for version in ("2.4.0", "3.5.0"):
        members = {"config.json": config, "metadata.json": {"keras_version": version}, "model.weights.h5": {}}
        yield "model.keras", members
    topology = {"keras_version": "2.4.0", "model_config": config}
    yield "model.zip", {"model.json": {"modelTopology": topology, "weightsManifest": []}}


def pack(parts: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as file:
        for name, content in parts.items():
            file.writestr(name, json.dumps(content))
    return body.getvalue()


def is_accepted(data: bytes, name: str) -> bool:
    try:
        files.check(io.BytesIO(data), name)
    except InvalidInput as error:
        assert "\n" not in str(error)
        str(error).encode()
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_an_altered_description_is_accepted_or_refused(name):
    rng = random.Random(name)
    assert any(is_accepted(pack(parts), file) for file, parts in list_files(GOOD[name]))
    for _ in range(MUTANTS):
        file, parts = rng.choice(list(list_files(mutate(GOOD[name], rng))))
        is_accepted(pack(parts), file)


@pytest.mark.slow
def test_an_altered_file_is_accepted_or_refused():
    rng = random.Random(0)
    for _ in range(MUTANTS):
        file, parts = rng.choice(list(list_files(GOOD["Keras 2"])))
        data = bytearray(pack(parts))
        for _ in range(rng.choice((1, 3, 20))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        is_accepted(bytes(data[: rng.randrange(len(data))] if rng.random() < 0.2 else data), file)


@pytest.mark.parametrize(
    "key, value",
    [
        ("class_name", ["Dense"]),
        ("name", {}),
        ("inbound_nodes", 5),
        ("inbound_nodes", [{"args": 1}]),
        ("config", 1.5),
    ],
)
def test_wrong_types_are_refused(key, value):
    config = json.loads(json.dumps(make_keras_2_graph()))
    config["config"]["layers"][1][key] = value
    with pytest.raises(InvalidInput, match="that no Keras version writes"):
        files.check(io.BytesIO(pack(next(list_files(config))[1])), "model.keras")
