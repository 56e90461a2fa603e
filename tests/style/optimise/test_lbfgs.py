"""The descent finds the bottom, keeps the best, and stops when told."""

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.objectives.evaluate import Evaluation
from studio.style.optimise.lbfgs import descend

TARGET = np.random.default_rng(0).random((1, 6, 5, 3)).astype("float32")
STEEPNESS = np.linspace(0.1, 3.0, TARGET.size).reshape(TARGET.shape)


def bowl(x):
    return Evaluation(
        float((STEEPNESS * (x - TARGET) ** 2).sum()), (), (2 * STEEPNESS * (x - TARGET)).astype("float32")
    )


def test_it_reaches_the_bottom_of_a_bowl():
    found = descend(bowl, np.full_like(TARGET, 0.5), 60)
    assert found.evaluation.value < 1e-4
    assert np.allclose(found.images_01, TARGET, atol=0.02)


def test_it_takes_no_more_passes_than_it_may():
    seen = []
    found = descend(bowl, np.full_like(TARGET, 0.5), 7, lambda done, *_: seen.append(done))
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert found.passes == 7
    assert not found.cancelled


def test_a_cancel_keeps_the_best_so_far():
    best = []

    def stop_at_five(done, evaluation, picture):
        best.append(evaluation.value)
        if done == 5:
            raise Cancelled

    found = descend(bowl, np.full_like(TARGET, 0.5), 60, stop_at_five)
    assert found.cancelled
    assert found.passes == 5
    assert found.evaluation.value == min(best)


def test_pixels_end_within_their_range():
    found = descend(lambda x: bowl(x - 0.8), np.full_like(TARGET, 0.5), 30)
    assert found.images_01.min() >= 0
    assert found.images_01.max() == 1


def test_the_same_start_gives_the_same_bytes():
    runs = [descend(bowl, np.full_like(TARGET, 0.5), 9).images_01.tobytes() for _ in range(2)]
    assert runs[0] == runs[1]


def test_an_objective_that_is_already_at_its_bottom_ends_early():
    found = descend(bowl, TARGET.copy(), 50)
    assert found.evaluation.value == pytest.approx(0, abs=1e-6)
    assert found.passes < 50


def test_smoothing_reaches_the_bottom_too():
    found = descend(bowl, np.full_like(TARGET, 0.5), 80, smoothing=0.5)
    assert found.evaluation.value < 1e-3


def test_the_smoother_a_descent_the_less_grain_it_leaves_after_few_passes():
    noise = np.random.default_rng(1).random((1, 32, 32, 3)).astype("float32")

    def towards_noise(x):
        gap = x - noise
        return Evaluation(float((gap**2).sum()), (), (2 * gap).astype("float32"))

    def grain(smoothing):
        found = descend(towards_noise, np.full_like(noise, 0.5), 2, smoothing=smoothing).images_01
        return float(np.abs(np.diff(found, 2, axis=1)).mean())

    assert grain(0.0) > grain(0.25) > grain(0.5) > grain(1.0)
