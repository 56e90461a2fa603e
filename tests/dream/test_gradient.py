"""Normalized steps have the same size in every network, and windows cover the full image."""

import numpy as np
import pytest

from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import Objective, channel, color, layer, total_variation
from studio.core.progress import Progress
from studio.core.weights.networks import vgg16
from studio.dream import gradient
from studio.dream.gradient import StepDirection, smooth_gradient
from studio.dream.objective import build_objective
from studio.dream.settings import DreamSettings


@pytest.fixture(scope="module")
def backbone():
    """VGG16 with random weights, because only the flow of gradients matters here."""
    import keras

    keras.utils.set_random_seed(0)
    return Backbone(BACKBONES["vgg16"], vgg16.build_network(), "0" * 64)


@pytest.fixture(scope="module")
def image_01():
    return np.random.default_rng(0).random((1, 128, 192, 3)).astype("float32")


def make_direction(backbone, objective, gradient_smoothing=0.0, jitter=0, seed=0):
    return StepDirection(
        backbone, objective, gradient_smoothing, jitter, np.random.default_rng(seed), Progress()
    )


class Still:
    """A random generator that draws no shift, so that windows and the full image have the same grid."""

    def integers(self, low, high, count):
        return np.zeros(count, int)


@pytest.mark.parametrize(
    "objective", [layer("block1_conv2"), layer("block3_conv1"), 1e6 * channel("block2_conv1", 3)]
)
def test_a_step_has_the_same_size_for_every_objective(backbone, image_01, objective):
    _, direction = make_direction(backbone, objective)(image_01)
    assert direction.std() == pytest.approx(1, rel=1e-4)


def test_without_rolling_the_direction_is_the_gradient(backbone, image_01):
    goal = layer("block2_conv2")
    value, direction = make_direction(backbone, goal)(image_01)
    result = Evaluator(backbone, goal)(image_01)
    assert value == pytest.approx(result.value, rel=1e-5)
    assert np.corrcoef(direction.ravel(), result.gradient.ravel())[0, 1] > 0.9999


def test_the_direction_is_rolled_back(backbone):
    spot = np.zeros((1, 96, 96, 3), "float32")
    spot[:, 20:28, 60:68] = 1.0
    _, still = make_direction(backbone, layer("block1_conv2"))(spot)
    _, shifted = make_direction(backbone, layer("block1_conv2"), jitter=40)(spot)
    inside = (slice(None), slice(4, -4), slice(4, -4))
    assert np.corrcoef(still[inside].ravel(), shifted[inside].ravel())[0, 1] > 0.7
    moved = np.roll(shifted, 4, (1, 2))
    assert np.corrcoef(still[inside].ravel(), moved[inside].ravel())[0, 1] < 0.5


def test_an_unrolled_step_evaluates_the_original_position(backbone, image_01):
    goal = layer("block2_conv2")
    unrolled = make_direction(backbone, goal, jitter=40)(image_01, is_rolled=False)[1]
    assert np.array_equal(unrolled, make_direction(backbone, goal)(image_01)[1])
    assert not np.array_equal(unrolled, make_direction(backbone, goal, jitter=40)(image_01)[1])


def test_momentum_adds_half_of_the_last_direction_until_reset(backbone, image_01):
    goal, other_01 = layer("block2_conv2"), image_01[:, ::-1]
    carried = make_direction(backbone, goal)
    first, second = (make_direction(backbone, goal)(image)[1] for image in (image_01, other_01))
    assert np.array_equal(carried(image_01)[1], first)
    both = second + 0.5 * first
    assert np.allclose(carried(other_01)[1], both / both.std(), atol=1e-4)
    carried.reset_momentum()
    assert np.array_equal(carried(other_01)[1], second)


@pytest.mark.slow
def test_windows_give_the_gradient_of_the_full_image(backbone, image_01, monkeypatch):
    monkeypatch.setattr(gradient, "WINDOW_SIDE", 64)
    goal = layer("block2_conv2")
    _, expected = make_direction(backbone, goal)(image_01)
    monkeypatch.setattr(gradient, "MAX_WHOLE_SIDE", 64)
    still = make_direction(backbone, goal)
    still._rng = Still()
    _, windows = still(image_01)
    inside = (slice(None), slice(24, -24), slice(24, -24))  # windows at the border wrap around
    assert np.corrcoef(expected[inside].ravel(), windows[inside].ravel())[0, 1] > 0.999
    assert (np.abs(windows).sum(axis=(0, 3)) > 0).all()


@pytest.mark.parametrize("length", [1, 63, 64, 65, 129, 1000])
def test_windows_of_equal_length_cover_a_side(length, monkeypatch):
    monkeypatch.setattr(gradient, "WINDOW_SIDE", 64)
    side, starts = gradient.split_side(length)
    covered = np.zeros(length, bool)
    for start in starts:
        assert 0 <= start <= length - side
        covered[start : start + side] = True
    assert covered.all()
    assert side <= 64


def test_gradient_smoothing_amplifies_low_frequencies_and_keeps_the_deviation():
    noise = np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype("float32")
    sharp, soft = smooth_gradient(noise, 0), smooth_gradient(noise, 2.0)
    assert soft.std() == pytest.approx(1, rel=1e-4)
    broad = [np.abs(np.fft.fft2(pixels[0, :, :, 0]))[1:4, 1:4].sum() for pixels in (sharp, soft)]
    assert broad[1] > 2 * broad[0]


def test_the_broader_of_the_two_blurs_reaches_twice_as_far():
    spot = np.zeros((1, 65, 65, 3), "float32")
    spot[:, 32, 32] = 1
    row = smooth_gradient(spot, 2.0)[0, 32, :, 0]
    assert row[32 + 6] > row[32 + 8] > 0 == row[32 + 13]  # three standard deviations of 2 and 4 px


def test_a_flat_gradient_stays_finite():
    assert np.isfinite(smooth_gradient(np.zeros((1, 8, 8, 3), "float32"), 1.0)).all()


def test_terms_are_weighted_independently_of_activation_scale(backbone, image_01):
    settings = DreamSettings(layers=("block1_conv2", "block3_conv1=0.5"), total_variation=0, color_penalty=0)
    goal = build_objective(settings, backbone, image_01)
    counted = [Evaluator(backbone, Objective((term,)))(image_01).value for term in goal.terms]
    assert counted == pytest.approx([1, 0.5], rel=1e-3)


def test_terms_on_the_image_add_their_gradient_per_pixel(backbone, image_01):
    goal = layer("block1_conv2")
    _, alone = make_direction(backbone, goal)(image_01)
    _, pulled = make_direction(backbone, goal - 2.0 * color(np.array([1.0, 0.5, 0.5])))(image_01)
    difference = (pulled - alone)[0]
    toward = 2.0 * 2 / 3 * (np.array([1.0, 0.5, 0.5]) - image_01.mean(axis=(0, 1, 2)))
    assert np.allclose(difference, toward, atol=1e-3)
    _, smooth = make_direction(backbone, goal - 1.0 * total_variation())(image_01)
    stepped = image_01 + 0.1 * (smooth - alone)
    assert np.abs(np.diff(stepped, axis=2)).mean() < np.abs(np.diff(image_01, axis=2)).mean()
