"""Adaptive discriminator augmentation: how p moves, and the transformations of each image."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from studio.core.generators.discriminator import Augment
from studio.core.objectives.gradients import value_and_grad
from studio.dcgan import adaptive
from studio.dcgan.adaptive import AdaptiveAugment

STILL = (32, 0, False, 0.0, 1)  # neither shifted nor flipped nor cut


def images(count: int = 16, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, 32, 32, channels)).astype("float32")


def augment(p: float = 0.0, shape=STILL, steps: int = 100, batch: int = 16) -> AdaptiveAugment:
    layer = AdaptiveAugment(*shape, steps=steps, batch=batch)
    layer.p.assign(p)
    return layer


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(32, 4, True, 0.4, 7), (32, 0, False, 0.4, 7), (32, 0, True, 0.0, 7)])
def test_with_p_0_it_equals_the_plain_augmentation(shape, channels):
    plain, layer = Augment(*shape), augment(0.0, shape)
    for _ in range(3):  # later random numbers are the same, too
        batch = images(channels=channels)
        assert np.array_equal(ops.convert_to_numpy(plain(batch)), ops.convert_to_numpy(layer(batch)))


def adapt(layer: AdaptiveAugment, r_v: float, separated: float = 4.0) -> None:
    """Updates p with logits whose r_v has this value."""
    logits = np.full((8, 1), 3.0, "float32")
    layer.adapt(logits, logits - r_v * separated, logits - separated)


def test_p_rises_while_validation_logits_are_nearer_to_generated_ones():
    layer, history = augment(batch=256), []  # that many are averaged
    for r_v in (1.0, 1.0, 0.51, 0.49, 0.49, 0.0, -1.0):
        adapt(layer, r_v)
        history.append(float(layer.p))
    step = 256 / (0.25 * 100 * 256)  # it takes a quarter of the training to get from 0 to 1
    assert history == pytest.approx([step * n for n in (1, 2, 3, 2, 1, 0, 0)])


def test_p_stays_within_its_limits():
    layer = augment(batch=256)
    for _ in range(100):
        adapt(layer, 1.0)
    assert float(layer.p) == pytest.approx(adaptive.MAX_PROBABILITY)


def test_p_falls_when_generated_logits_are_higher_than_real_ones():
    layer = augment(0.5, batch=256)
    adapt(layer, -0.4, separated=-4.0)  # training images a little above validation images
    assert float(layer.p) < 0.5


def test_p_rises_as_in_the_paper_in_a_long_run():
    assert augment(steps=10**6, batch=50).rise == pytest.approx(50 / 500_000)


def test_a_single_overfitted_batch_does_not_raise_p():
    layer = augment(0.5, batch=16)
    layer.generated_gap.assign(4.0)
    adapt(layer, 1.0)
    assert float(layer.p) < 0.5 and float(layer.validation_gap) == pytest.approx(4 / 16)


@pytest.mark.parametrize("p", [0.2, 0.8])
def test_each_change_is_applied_with_probability_p(p):
    flat = np.full((2000, 32, 32, 1), 0.25, "float32")  # only brightness changes its mean
    middle = ops.convert_to_numpy(augment(p)(flat))[:, 16, 16, 0]
    assert np.mean(middle != 0.25) == pytest.approx(p, abs=0.04)
    assert np.abs(middle - 0.25).max() <= adaptive.BRIGHTNESS + 1e-6


def test_images_are_stretched_and_shifted_with_gray_borders():
    white = np.zeros((400, 32, 32, 1), "float32")
    white[:, 12:20, 12:20] = 1
    layer = augment(1.0)
    layer._change_colors = lambda batch: batch
    result = ops.convert_to_numpy(layer(white))[..., 0]
    rows, columns = (result.max(axis).sum(1) for axis in (2, 1))  # height and width of the square
    for sides in (rows, columns):
        assert sides.min() < 7 and sides.max() > 9.5
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.3, "the two are stretched apart"
    assert result.min() == 0 and (result[:, 0] == 0).mean() > 0.9


def test_colors_change_but_gray_images_stay_gray():
    layer = augment(1.0)
    layer._build_sampling_matrices = lambda places: ops.one_hot(places, 32, dtype="float32")
    plain = images(64, 1)
    contrast = ops.convert_to_numpy(layer(plain)).std((1, 2, 3)) / plain.std((1, 2, 3))
    assert contrast.min() < 0.8 and contrast.max() > 1.3
    batch = images(64)
    result = ops.convert_to_numpy(layer(batch))
    colors = [np.ptp(some, axis=3).mean((1, 2)) / some.std((1, 2, 3)) for some in (result, batch)]
    assert np.std(colors[0] / colors[1]) > 0.1, "saturation changes next to contrast"
    gray = np.repeat(images(8, 1), 3, 3)
    assert np.ptp(ops.convert_to_numpy(layer(gray)), axis=3).max() < 1e-5


def test_gradients_reach_the_images():
    """The transformation is linear in the images, so the gradient predicts any difference."""
    shape, rng = (32, 3, True, 0.3, 5), np.random.default_rng(1)
    weights = rng.normal(size=(16, 32, 32, 3)).astype("float32")
    change = rng.normal(size=(16, 32, 32, 3)).astype("float32")

    def weighted_sum(batch):
        return ops.sum(augment(0.8, shape)(batch) * weights), ()

    before, _, slopes = value_and_grad(weighted_sum)(ops.convert_to_tensor(images()))
    slopes, after = ops.convert_to_numpy(slopes), weighted_sum(images() + change)[0]
    assert np.abs(slopes).max() > 1
    assert np.sum(slopes * change) == pytest.approx(float(after - before), rel=1e-3, abs=0.05)
