"""A filter that slides: its map is the network's, and its sums add up."""

import numpy as np
import pytest

from studio.xray import sliding
from studio.xray.settings import FilterSettings


def test_the_map_is_that_of_the_network(vgg):
    photo = np.random.default_rng(0).random((1, 32, 48, 3)).astype("float32")
    found = vgg.features(("block1_conv1", "block1_conv2"))(photo)
    kernel, bias = vgg.model.get_layer("block1_conv2").get_weights()
    given = np.asarray(found["block1_conv1"])[0]
    slid = sliding.slide(given, kernel[..., 5], bias[5], FilterSettings(layer="block1_conv2"))
    assert np.allclose(slid.map, np.asarray(found["block1_conv2"])[0, ..., 5], rtol=1e-4, atol=1e-3)


@pytest.fixture
def given():
    return np.random.default_rng(1).normal(size=(11, 14, 5)).astype("float32")


@pytest.fixture
def kernel():
    return np.random.default_rng(2).normal(size=(3, 3, 5)).astype("float32")


@pytest.mark.parametrize(
    "stride, padding, shape",
    [(1, "zeros", (11, 14)), (1, "none", (9, 12)), (2, "zeros", (6, 7)), (3, "none", (3, 4))],
)
def test_stride_and_padding_decide_how_large_the_map_is(given, kernel, stride, padding, shape):
    whole = sliding.slide(given, kernel, 0.5, FilterSettings(padding=padding))
    slid = sliding.slide(given, kernel, 0.5, FilterSettings(stride=stride, padding=padding))
    assert slid.sums.shape == shape
    assert np.allclose(slid.sums, whole.sums[::stride, ::stride])


@pytest.mark.parametrize("across, down", [(0, 0), (0.5, 0.5), (1, 1), (0.2, 0.9)])
@pytest.mark.parametrize("stride", [1, 2])
def test_what_is_reckoned_is_the_sum_at_that_place(given, kernel, across, down, stride):
    settings = FilterSettings(across=across, down=down, stride=stride)
    slid = sliding.slide(given, kernel, -0.25, settings)
    told = slid.reckoned
    assert told["sum"] == pytest.approx(float(slid.sums[slid.place]), abs=1e-4)
    assert told["sum"] == pytest.approx(
        sum(part["sum"] for part in told["parts"]) + told["others"] + told["bias"], abs=1e-4
    )
    for part in told["parts"]:
        assert part["sum"] == pytest.approx(np.sum(np.multiply(part["given"], part["weights"])), abs=1e-4)


def test_pooling_keeps_the_largest_or_the_mean():
    found = np.arange(20, dtype="float32").reshape(4, 5)
    assert sliding.pooled(found, "max").tolist() == [[6, 8], [16, 18]]
    assert sliding.pooled(found, "mean").tolist() == [[3, 5], [13, 15]]
    assert sliding.pooled(found, "none") is found
    assert sliding.pooled(found[:1], "max").shape == (1, 5)  # too small to be pooled
