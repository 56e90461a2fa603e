"""Objectives add and scale, and their terms agree with the papers."""

import numpy as np
import pytest

from studio.core.objectives.losses import (
    compute_content_loss,
    compute_style_loss,
    compute_variation,
    sum_products,
)
from studio.core.objectives.terms import IMAGE, Objective, channel, color, guide, layer, total_variation


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(1, 6, 8, 3)).astype("float32")


def evaluate(objective: Objective, features: dict) -> float:
    """Returns the weighted sum of the terms at the activations of their layers."""
    return sum(term.weight * float(term.loss(features[term.layer], term.targets)) for term in objective.terms)


def make_style_target(features):
    gram = np.asarray(sum_products(features)) / features.size
    return gram, np.square(gram).sum()


def test_gram_matrix_ignores_position(features):
    moved = np.random.default_rng(1).permutation(features.reshape(48, 3)).reshape(features.shape)
    target = make_style_target(features)
    assert float(compute_style_loss(moved, target)) == pytest.approx(0, abs=1e-6)
    assert float(compute_style_loss(features * 1.1, target)) > 0.01


def test_gram_matrix_is_symmetric_and_its_trace_is_the_mean_square(features):
    gram, _ = make_style_target(features)
    assert np.allclose(gram, gram.T)
    assert np.trace(gram) == pytest.approx(np.mean(features**2), rel=1e-5)


def test_the_style_of_a_doubled_image_is_the_same(features):
    doubled = np.tile(features, (1, 2, 2, 1))
    assert float(compute_style_loss(doubled, make_style_target(features))) == pytest.approx(0, abs=1e-6)


def test_the_style_loss_is_1_for_zeros(features):
    target = make_style_target(features)
    assert float(compute_style_loss(np.zeros_like(features), target)) == pytest.approx(1, rel=1e-5)


def test_the_content_loss_is_relative_to_the_content(features):
    for target in (features, 100 * features):
        targets = target, np.mean(target**2)
        assert float(compute_content_loss(target, targets)) == pytest.approx(0, abs=1e-6)
        assert float(compute_content_loss(2 * target, targets)) == pytest.approx(1, rel=1e-4)
        assert float(compute_content_loss(np.zeros_like(target), targets)) == pytest.approx(1, rel=1e-4)


def test_total_variation_of_flat_and_ramp_images():
    assert float(compute_variation(np.full((1, 5, 5, 3), 0.3, "float32"), ())) == 0
    ramp = np.broadcast_to(np.arange(8, dtype="float32")[None, None, :, None] * 0.1, (1, 8, 8, 3))
    assert float(compute_variation(ramp, ())) == pytest.approx(0.01 * 7 / 8, rel=1e-4)


def test_objectives_add_scale_and_subtract(features):
    pair = {"layer": features, IMAGE: features}
    near, smooth = layer("layer"), total_variation()
    mixed = 0.8 * near - 0.5 * (smooth + near)
    expected = 0.3 * evaluate(near, pair) - 0.5 * evaluate(smooth, pair)
    assert evaluate(mixed, pair) == pytest.approx(expected, rel=1e-5)
    assert evaluate(mixed + Objective(), pair) == evaluate(mixed, pair)


def test_layers_are_listed_once_without_the_image():
    assert (layer("b") + total_variation() + channel("a", 1) + layer("b")).layers == ("b", "a")


def test_layer_is_the_mean_square(features):
    assert evaluate(layer("layer"), {"layer": features}) == pytest.approx(np.mean(features**2), rel=1e-5)


def test_channel_is_the_mean_of_one_channel(features):
    assert evaluate(channel("layer", 2), {"layer": features}) == pytest.approx(
        features[..., 2].mean(), rel=1e-4
    )


def test_guide_uses_the_best_match_of_every_position(features):
    target = np.random.default_rng(3).normal(size=(1, 2, 5, 3)).astype("float32")
    best = (features.reshape(-1, 3) @ target.reshape(-1, 3).T).max(axis=1).mean()
    assert evaluate(guide("layer", target), {"layer": features}) == pytest.approx(best, rel=1e-4)
    moved = target.reshape(10, 3)[::-1].reshape(1, 5, 2, 3)
    assert evaluate(guide("layer", moved), {"layer": features}) == pytest.approx(best, rel=1e-4)


def test_the_color_loss_is_0_for_an_image_of_that_mean(features):
    pixels = np.random.default_rng(4).random((1, 5, 6, 3)).astype("float32")
    goal = color(pixels.mean(axis=(0, 1, 2)))
    assert evaluate(goal, {IMAGE: pixels}) == pytest.approx(0, abs=1e-6)
    assert evaluate(goal, {IMAGE: pixels + 0.5}) == pytest.approx(0.25, rel=1e-4)
