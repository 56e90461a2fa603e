"""LiteRT files with float16 weights and fixed shapes compute the same."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from studio.core.litert import compact, layers
from studio.core.litert.graph import Graph, pack
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


def test_fewer_mantissa_bits_compress_better(model):
    full, rounded = compact.store_float16(model), compact.store_float16(model, 6)
    assert len(gzip.compress(rounded)) < 0.9 * len(gzip.compress(full))
    values = np.random.default_rng(0).normal(size=1000).astype("float32")
    errors = np.abs(compact.round_mantissa(values, 6) / values - 1)
    assert 2**-8 < errors.max() <= 2**-7
    assert np.array_equal(compact.round_mantissa(np.array([0.0, 1.5, -3.0]), 1), [0, 1.5, -3])


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


def test_difference_turns_one_shape_of_a_network_into_another():
    model = (presets.find("house").folder / "network.tflite").read_bytes()
    large, small = (compact.fix_shapes(model, (1, side, side, 3), (1, 8)) for side in (64, 32))
    difference = compact.find_difference(large, small)
    assert bytes(a ^ b for a, b in zip(large, difference, strict=True)) == small
    assert len(gzip.compress(difference)) < 0.02 * len(gzip.compress(small))


def test_unknown_dimensions_become_1_without_shapes(model):
    from ai_edge_litert.interpreter import Interpreter

    unpacked = schema.ModelT.InitFromPackedBuf(model, 0)
    unpacked.subgraphs[0].tensors[unpacked.subgraphs[0].inputs[0]].shapeSignature = [-1, 64]
    unknown = pack(unpacked)
    (before,) = Interpreter(model_content=unknown).get_input_details()
    (after,) = Interpreter(model_content=compact.fix_shapes(unknown)).get_input_details()
    assert before["shape_signature"].tolist() == [-1, 64]
    assert after["shape_signature"].tolist() == [1, 64]
