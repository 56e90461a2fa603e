"""A sliding filter: its map agrees with the network, and its sums add up."""

import numpy as np
import pytest

from studio.xray import sliding
from studio.xray.settings import FilterSettings


def test_the_map_agrees_with_the_network(vgg):
    photo = np.random.default_rng(0).random((1, 32, 48, 3)).astype("float32")
    features = vgg.build_extractor(("block1_conv1", "block1_conv2"))(photo)
    kernel, bias = vgg.model.get_layer("block1_conv2").get_weights()
    inputs = np.asarray(features["block1_conv1"])[0]
    result = sliding.apply_filter(inputs, kernel[..., 5], bias[5], FilterSettings(layer="block1_conv2"))
    assert np.allclose(result.map, np.asarray(features["block1_conv2"])[0, ..., 5], rtol=1e-4, atol=1e-3)


@pytest.fixture
def noise():
    return np.random.default_rng(1).normal(size=(11, 14, 5)).astype("float32")


@pytest.fixture
def kernel():
    return np.random.default_rng(2).normal(size=(3, 3, 5)).astype("float32")


@pytest.mark.parametrize(
    "stride, padding, shape",
    [(1, "zeros", (11, 14)), (1, "none", (9, 12)), (2, "zeros", (6, 7)), (3, "none", (3, 4))],
)
def test_stride_and_padding_determine_the_map_size(noise, kernel, stride, padding, shape):
    whole = sliding.apply_filter(noise, kernel, 0.5, FilterSettings(padding=padding))
    result = sliding.apply_filter(noise, kernel, 0.5, FilterSettings(stride=stride, padding=padding))
    assert result.sums.shape == shape
    assert np.allclose(result.sums, whole.sums[::stride, ::stride])


@pytest.mark.parametrize("across, down", [(0, 0), (0.5, 0.5), (1, 1), (0.2, 0.9)])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_terms_add_up_to_the_sum(noise, kernel, across, down, stride):
    settings = FilterSettings(across=across, down=down, stride=stride)
    result = sliding.apply_filter(noise, kernel, -0.25, settings)
    sample = result.terms
    assert sample["sum"] == pytest.approx(float(result.sums[result.position]), abs=1e-4)
    assert sample["sum"] == pytest.approx(
        sum(part["sum"] for part in sample["parts"]) + sample["others"] + sample["bias"], abs=1e-4
    )
    for part in sample["parts"]:
        assert part["sum"] == pytest.approx(np.sum(np.multiply(part["input"], part["weights"])), abs=1e-4)


def test_pooling_keeps_the_largest_or_the_mean():
    activation = np.arange(20, dtype="float32").reshape(4, 5)
    assert sliding.pool(activation, "max").tolist() == [[6, 8], [16, 18]]
    assert sliding.pool(activation, "mean").tolist() == [[3, 5], [13, 15]]
    assert sliding.pool(activation, "none") is activation
    assert sliding.pool(activation[:1], "max").shape == (1, 5)  # too small for pooling
