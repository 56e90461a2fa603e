"""ResNet50 block by block agrees with ResNet50, and an ablated branch adds nothing."""

import numpy as np
import pytest

from studio.xray import residual
from studio.xray.settings import BLOCKS


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(0, 50, (1, 64, 96, 3)).astype("float32")


@pytest.fixture(scope="module")
def full_pass(resnet, noise):
    return residual.forward(resnet.model, noise)


@pytest.mark.slow
def test_block_by_block_agrees_with_the_model(resnet, noise, full_pass):
    assert np.allclose(full_pass.probabilities, np.asarray(resnet.model(noise))[0], atol=1e-5)
    assert set(full_pass.maps) == set(resnet.spec.layers)
    assert all(ratio > 0 for ratio in full_pass.norm_ratios.values())


@pytest.mark.slow
def test_a_disabled_branch_changes_only_later_blocks(resnet, full_pass):
    without = residual.forward_without(resnet.model, full_pass.maps, ("conv4_block3",))
    assert without.norm_ratios["conv4_block3"] == 0 and "conv4_block2" not in without.norm_ratios
    assert np.array_equal(without.maps["conv4_block3_out"], np.maximum(full_pass.maps["conv4_block2_out"], 0))
    assert not np.allclose(without.probabilities, full_pass.probabilities)


def test_without_branches_only_skip_connections_remain(resnet, full_pass):
    without = residual.forward_without(resnet.model, full_pass.maps, BLOCKS)
    assert set(without.norm_ratios.values()) == {0.0}
    assert np.array_equal(without.maps["conv2_block1_out"], without.maps["conv2_block3_out"])


@pytest.mark.slow
def test_a_second_pass_without_the_branch_is_the_same(resnet, full_pass):
    far = residual.forward_without(resnet.model, full_pass.maps, ("conv5_block2",))
    both = residual.forward_without(resnet.model, {**full_pass.maps, **far.maps}, ("conv5_block2",))
    assert np.allclose(far.probabilities, both.probabilities)
