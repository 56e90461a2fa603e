"""Sampling: Euler steps along the velocity, and classifier-free guidance."""

import numpy as np
import pytest

from studio.diffusion import sampler


def test_a_constant_velocity_is_followed_exactly_in_any_number_of_steps():
    noise = np.zeros((2, 1, 1, 1), "float32")
    for steps in (1, 7):
        path = list(sampler.iterate_steps(lambda x, t: np.full_like(x, 3.0), noise, steps))
        assert len(path) == steps + 1
        assert np.allclose(path[-1][0], 3.0) and np.array_equal(path[0][0], noise)
        assert all(np.allclose(prediction, 3.0) for _, prediction in path)


def test_more_steps_follow_a_curve_more_closely():
    def measure_error(steps):  # dx/dt = x from 1 leads to e
        *_, (x, _) = sampler.iterate_steps(lambda x, t: x, np.ones((1, 1, 1, 1), "float32"), steps)
        return abs(float(x[0, 0, 0, 0]) - np.e)

    assert measure_error(50) < 0.2 * measure_error(5)


@pytest.mark.parametrize("guidance, expected", [(1.0, 5.0), (2.0, 9.0), (3.0, 13.0)])
def test_guidance_exaggerates_the_difference_of_the_class(guidance, expected):
    def predict(images, times, labels):
        assert (times == 0.5).all()
        return np.where(labels == 3, 1.0, 5.0)[:, None, None, None] * np.ones_like(images)

    x = np.zeros((2, 1, 1, 1), "float32")
    assert np.allclose(sampler.guide(predict, x, 0.5, np.array([0, 1]), 3, guidance), expected)
    assert np.allclose(sampler.guide(predict, x, 0.5, np.array([3, 3]), 3, guidance), 1.0)


def test_images_beyond_the_range_are_clipped():
    assert sampler.to_uint8(np.array([-3.0, -1.0, 0.0, 1.0, 2.0])).tolist() == [0, 0, 128, 255, 255]
