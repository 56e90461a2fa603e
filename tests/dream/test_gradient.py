"""Normalized steps have the same size in every network, and windows cover the full image."""

import numpy as np
import pytest

from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import color, layer, mean, total_variation
from studio.core.progress import Progress
from studio.core.weights.networks import vgg16
from studio.dream import gradient
from studio.dream.gradient import StepDirection, smooth_gradient
from studio.dream.objective import objective
from studio.dream.settings import DreamSettings


@pytest.fixture(scope="module")
def backbone():
    """VGG16 with random weights, because only the flow of gradients matters here."""
    import keras

    keras.utils.set_random_seed(0)
    return Backbone(BACKBONES["vgg16"], vgg16.network(), "0" * 64)


@pytest.fixture(scope="module")
def image_01():
    return np.random.default_rng(0).random((1, 128, 192, 3)).astype("float32")


def slope(backbone, objective, softness=0.0, jitter=0, whole=1024, seed=0):
    return StepDirection(
        backbone, objective, softness, jitter, np.random.default_rng(seed), Progress(), whole=whole
    )


class Still:
    """A random generator that draws no shift, so that windows and the full image have the same grid."""

    def integers(self, low, high, count):
        return np.zeros(count, int)


@pytest.mark.parametrize(
    "objective", [layer("block1_conv2"), layer("block3_conv1"), 1e6 * mean("block2_conv1")]
)
def test_a_step_has_the_same_size_for_every_objective(backbone, image_01, objective):
    _, direction = slope(backbone, objective)(image_01)
    assert direction.std() == pytest.approx(1, rel=1e-4)


def test_without_a_roll_the_direction_is_the_gradient(backbone, image_01):
    goal = layer("block2_conv2")
    value, direction = slope(backbone, goal)(image_01)
    result = Evaluator(backbone, goal)(image_01)
    assert value == pytest.approx(result.value, rel=1e-5)
    assert np.corrcoef(direction.ravel(), result.gradient.ravel())[0, 1] > 0.9999


def test_the_roll_goes_back(backbone):
    spot = np.zeros((1, 96, 96, 3), "float32")
    spot[:, 20:28, 60:68] = 1.0
    _, still = slope(backbone, layer("block1_conv2"))(spot)
    _, shifted = slope(backbone, layer("block1_conv2"), jitter=40)(spot)
    inside = (slice(None), slice(4, -4), slice(4, -4))
    assert np.corrcoef(still[inside].ravel(), shifted[inside].ravel())[0, 1] > 0.7
    moved = np.roll(shifted, 4, (1, 2))
    assert np.corrcoef(still[inside].ravel(), moved[inside].ravel())[0, 1] < 0.5


def test_unrolled_it_looks_where_the_image_lies(backbone, image_01):
    goal = layer("block2_conv2")
    unrolled = slope(backbone, goal, jitter=40)(image_01, is_rolled=False)[1]
    assert np.array_equal(unrolled, slope(backbone, goal)(image_01)[1])
    assert not np.array_equal(unrolled, slope(backbone, goal, jitter=40)(image_01)[1])


def test_with_momentum_half_of_the_direction_before_is_kept_until_it_begins_again(backbone, image_01):
    goal, rng = layer("block2_conv2"), np.random.default_rng(0)
    plain, carried = (
        slope(backbone, goal),
        StepDirection(backbone, goal, 0.0, 0, rng, Progress(), momentum=0.5),
    )
    other_01 = image_01[:, ::-1]
    first, second = plain(image_01)[1], plain(other_01)[1]
    assert np.array_equal(carried(image_01)[1], first)
    both = second + 0.5 * first
    assert np.allclose(carried(other_01)[1], both / both.std(), atol=1e-4)
    carried.begin()
    assert np.array_equal(carried(other_01)[1], second)


@pytest.mark.slow
def test_windows_give_the_gradient_of_the_whole_and_leave_nothing_out(backbone, image_01, monkeypatch):
    monkeypatch.setattr(gradient, "WINDOW", 64)
    goal = layer("block2_conv2")
    _, whole = slope(backbone, goal)(image_01)
    still = slope(backbone, goal, whole=64)
    still._rng = Still()
    _, windows = still(image_01)
    inside = (slice(None), slice(24, -24), slice(24, -24))  # windows at the border wrap around
    assert np.corrcoef(whole[inside].ravel(), windows[inside].ravel())[0, 1] > 0.999
    assert (np.abs(windows).sum(axis=(0, 3)) > 0).all()


@pytest.mark.parametrize("length", [1, 63, 64, 65, 129, 1000])
def test_windows_cover_a_side_with_equal_lengths(length, monkeypatch):
    monkeypatch.setattr(gradient, "WINDOW", 64)
    side, starts = gradient.split_side(length)
    covered = np.zeros(length, bool)
    for start in starts:
        assert 0 <= start <= length - side
        covered[start : start + side] = True
    assert covered.all()
    assert side <= 64


def test_softness_strengthens_broad_color_and_keeps_the_size():
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


def test_several_terms_count_by_their_weights_however_loud_their_layers_are(backbone, image_01):
    settings = DreamSettings(layers=("block1_conv2", "block3_conv1=0.5"), smoothness=0, hold_colors=0)
    goal = objective(settings, backbone, image_01)
    values = goal.values(backbone.features(goal.layers)(image_01))
    counted = [term.weight * value for term, value in zip(goal.terms, values, strict=True)]
    assert counted == pytest.approx([1, 0.5], rel=1e-3)


def test_terms_on_the_image_pull_in_units_of_a_pixel(backbone, image_01):
    goal = layer("block1_conv2")
    _, alone = slope(backbone, goal)(image_01)
    _, pulled = slope(backbone, goal - 2.0 * color(np.array([1.0, 0.5, 0.5])))(image_01)
    difference = (pulled - alone)[0]
    toward = 2.0 * 2 / 3 * (np.array([1.0, 0.5, 0.5]) - image_01.mean(axis=(0, 1, 2)))
    assert np.allclose(difference, toward, atol=1e-3)
    _, smooth = slope(backbone, goal - 1.0 * total_variation())(image_01)
    stepped = image_01 + 0.1 * (smooth - alone)
    assert np.abs(np.diff(stepped, axis=2)).mean() < np.abs(np.diff(image_01, axis=2)).mean()
