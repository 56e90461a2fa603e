"""Objectives add and scale, and their terms agree with the papers."""

import numpy as np
import pytest

from studio.core.objectives.terms import (
    IMAGE,
    Objective,
    channel,
    color,
    compute_gram_matrix,
    content,
    guide,
    layer,
    mean,
    neuron,
    style,
    total_variation,
)


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(1, 6, 8, 3)).astype("float32")


def test_gram_matrix_ignores_position(features):
    moved = np.random.default_rng(1).permutation(features.reshape(48, 3)).reshape(features.shape)
    assert np.allclose(compute_gram_matrix(features), compute_gram_matrix(moved), atol=1e-6)
    assert not np.allclose(compute_gram_matrix(features), compute_gram_matrix(features * 1.1), atol=1e-3)


def test_gram_matrix_is_symmetric_and_its_trace_is_the_mean_square(features):
    gram = np.asarray(compute_gram_matrix(features))
    assert np.allclose(gram, gram.T)
    assert np.trace(gram) == pytest.approx(np.mean(features**2), rel=1e-5)


def test_gram_matrix_of_a_doubled_image_is_the_same(features):
    assert np.allclose(
        compute_gram_matrix(np.tile(features, (1, 2, 2, 1))), compute_gram_matrix(features), atol=1e-6
    )


def test_the_style_loss_is_0_for_the_style_and_1_for_zeros(features):
    goal = style("layer", compute_gram_matrix(features))
    assert goal({"layer": features}) == pytest.approx(0, abs=1e-6)
    assert goal({"layer": np.zeros_like(features)}) == pytest.approx(1, rel=1e-5)


def test_a_masked_style_ignores_features_outside_the_mask(features):
    mask = np.zeros((1, 6, 8, 1), "float32")
    mask[:, :, :4] = 1
    goal = style("layer", compute_gram_matrix(features[:, :, :4]), mask)
    elsewhere = features.copy()
    elsewhere[:, :, 4:] *= 7
    assert goal({"layer": elsewhere}) == pytest.approx(0, abs=1e-6)
    assert goal({"layer": elsewhere[:, :, ::-1]}) > 0.1


def test_the_content_loss_is_relative_to_the_content(features):
    goal = content("layer", features)
    assert goal({"layer": features}) == pytest.approx(0, abs=1e-6)
    assert goal({"layer": np.zeros_like(features)}) == pytest.approx(1, rel=1e-4)
    bright = content("layer", 100 * features)
    assert bright({"layer": 200 * features}) == pytest.approx(goal({"layer": 2 * features}), rel=1e-4)


def test_total_variation_of_flat_and_ramp_images():
    assert total_variation()({IMAGE: np.full((1, 5, 5, 3), 0.3, "float32")}) == 0
    ramp = np.broadcast_to(np.arange(8, dtype="float32")[None, None, :, None] * 0.1, (1, 8, 8, 3))
    assert total_variation()({IMAGE: ramp}) == pytest.approx(0.01 * 7 / 8, rel=1e-4)


def test_objectives_add_scale_and_subtract(features):
    pair = {"layer": features, IMAGE: features}
    near, smooth = content("layer", features * 2), total_variation()
    mixed = 0.8 * near - 0.5 * (smooth + near)
    assert mixed(pair) == pytest.approx(0.3 * near(pair) - 0.5 * smooth(pair), rel=1e-5)
    assert (mixed + Objective())(pair) == mixed(pair)


def test_layers_are_listed_once_without_the_image(features):
    gram = compute_gram_matrix(features)
    goal = style("b", gram) + total_variation() + content("a", features) + style("b", gram)
    assert goal.layers == ("b", "a")


def test_layer_is_the_mean_square_and_mean_is_the_mean(features):
    assert layer("layer")({"layer": features}) == pytest.approx(np.mean(features**2), rel=1e-5)
    assert mean("layer")({"layer": features}) == pytest.approx(np.mean(features), rel=1e-4)


def test_channel_is_the_mean_of_one_channel(features):
    assert channel("layer", 2)({"layer": features}) == pytest.approx(features[..., 2].mean(), rel=1e-4)


def test_neuron_is_the_activation_at_one_position(features):
    assert neuron("layer", 1)({"layer": features}) == pytest.approx(features[0, 3, 4, 1])
    assert neuron("layer", 1, 1.0, 1.0)({"layer": features}) == pytest.approx(features[0, 5, 7, 1])
    assert neuron("layer", 0, 0.0, 0.0)({"layer": features}) == pytest.approx(features[0, 0, 0, 0])


def test_guide_uses_the_best_match_of_every_position(features):
    target = np.random.default_rng(3).normal(size=(1, 2, 5, 3)).astype("float32")
    best = (features.reshape(-1, 3) @ target.reshape(-1, 3).T).max(axis=1).mean()
    assert guide("layer", target)({"layer": features}) == pytest.approx(best, rel=1e-4)
    moved = target.reshape(10, 3)[::-1].reshape(1, 5, 2, 3)
    assert guide("layer", moved)({"layer": features}) == pytest.approx(best, rel=1e-4)


def test_the_color_loss_is_0_for_an_image_of_that_mean(features):
    pixels = np.random.default_rng(4).random((1, 5, 6, 3)).astype("float32")
    goal = color(pixels.mean(axis=(0, 1, 2)))
    assert goal({IMAGE: pixels}) == pytest.approx(0, abs=1e-6)
    assert goal({IMAGE: pixels + 0.5}) == pytest.approx(0.25, rel=1e-4)
