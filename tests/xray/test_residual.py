"""ResNet50 block by block agrees with ResNet50, and an ablated branch adds nothing."""

import numpy as np
import pytest

from studio.xray import residual
from studio.xray.settings import BLOCKS


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(0, 50, (1, 64, 96, 3)).astype("float32")


@pytest.fixture(scope="module")
def whole(resnet, noise):
    return residual.forward(resnet.model, noise)


@pytest.mark.slow
def test_block_by_block_it_answers_as_in_one_piece(resnet, noise, whole):
    assert np.allclose(whole.probabilities, np.asarray(resnet.model(noise))[0], atol=1e-5)
    assert set(whole.maps) == set(resnet.spec.layers)
    assert all(share > 0 for share in whole.shares.values())


@pytest.mark.slow
def test_without_a_branch_only_what_follows_changes(resnet, whole):
    without = residual.without(resnet.model, whole.maps, ("conv4_block3",))
    assert without.shares["conv4_block3"] == 0 and "conv4_block2" not in without.shares
    assert np.array_equal(without.maps["conv4_block3_out"], np.maximum(whole.maps["conv4_block2_out"], 0))
    assert not np.allclose(without.probabilities, whole.probabilities)


def test_without_any_branch_only_the_bridges_are_left(resnet, whole):
    without = residual.without(resnet.model, whole.maps, BLOCKS)
    assert set(without.shares.values()) == {0.0}
    assert np.array_equal(without.maps["conv2_block1_out"], without.maps["conv2_block3_out"])


@pytest.mark.slow
def test_the_way_on_is_the_same_as_the_whole_way(resnet, whole):
    far = residual.without(resnet.model, whole.maps, ("conv5_block2",))
    both = residual.without(resnet.model, {**whole.maps, **far.maps}, ("conv5_block2",))
    assert np.allclose(far.probabilities, both.probabilities)
