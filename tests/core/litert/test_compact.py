"""LiteRT files with float16 weights and fixed shapes compute the same."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.litert import compact, layers
from studio.core.litert.graph import Graph
from studio.core.litert.network import Network
from studio.core.models import presets


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    graph = Graph()
    hidden = layers.dense(graph, graph.add_input(1, 64), rng.normal(size=(64, 128)).astype("float32"))
    kernel = rng.normal(size=(128, 32)).astype("float32")
    return graph.serialize(layers.dense(graph, layers.elementwise(graph, "TANH", hidden), kernel))


def test_float16_halves_the_file_and_hardly_changes_its_output(model):
    small = compact.store_float16(model)
    assert len(small) < 0.6 * len(model)
    x = np.random.default_rng(1).normal(size=(1, 64)).astype("float32")
    expected, (received,) = Network(model)(x)[0], Network(small)(x)
    assert 0 < np.abs(received - expected).max() < 0.01 * np.abs(expected).max()


def test_values_beyond_float16_stay_float32():
    graph = Graph()
    kernel = np.full((64, 64), 1e6, "float32")
    model = graph.serialize(layers.dense(graph, graph.add_input(1, 64), kernel))
    x = np.ones((1, 64), "float32")
    assert np.array_equal(Network(compact.store_float16(model))(x)[0], Network(model)(x)[0])


def test_fixed_shapes_give_the_same_image():
    from ai_edge_litert.interpreter import Interpreter

    model = (presets.find("house").folder / "network.tflite").read_bytes()
    photo = np.random.default_rng(0).random((1, 32, 48, 3), "float32")
    shares = np.eye(8, dtype="float32")[:1]
    fixed = compact.fix_shapes(model, photo.shape, shares.shape)
    details = [*Interpreter(model_content=fixed).get_input_details()]
    assert [tuple(entry["shape_signature"]) for entry in details] == [photo.shape, shares.shape]
    assert np.array_equal(Network(fixed)(photo, shares)[0], Network(model)(photo, shares)[0])
