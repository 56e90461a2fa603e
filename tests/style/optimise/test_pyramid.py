"""A picture judged at several sizes: values add up, gradients are right, sizes are the studio's own."""

import numpy as np
import pytest

from studio.core.objectives.evaluate import Evaluation
from studio.core.pictures import images
from studio.style.optimise.pyramid import Levels, resized

RNG = np.random.default_rng(0)
SHAPES = [(1, 24, 33, 3), (1, 12, 16, 3), (1, 6, 8, 3)]
TARGETS = [RNG.random(shape).astype("float32") for shape in SHAPES]


def towards(target):
    def evaluate(x):
        assert x.shape == target.shape
        gap = (x - target).astype("float64")
        return Evaluation(float((gap**2).sum()), (float(gap.sum()),), (2 * gap).astype("float32"))

    return evaluate


def test_the_value_is_the_mean_of_all_sizes_and_the_terms_are_all_of_theirs():
    picture = RNG.random(SHAPES[0]).astype("float32")
    alone = [towards(t)(resized(picture, t.shape)) for t in TARGETS[:1]]
    found = Levels([towards(t) for t in TARGETS], SHAPES)(picture)
    assert len(found.terms) == 3 and found.terms[0] == alone[0].terms[0]
    assert found.value > alone[0].value / 3


def test_the_gradient_is_that_of_the_value():
    judge = Levels([towards(t) for t in TARGETS], SHAPES)
    picture, step = (RNG.random(SHAPES[0]).astype("float32") for _ in range(2))
    ahead, behind = (judge(picture + sign * 1e-2 * step).value for sign in (1, -1))
    assert (ahead - behind) / 2e-2 == pytest.approx(float((judge(picture).gradient * step).sum()), rel=1e-3)


@pytest.mark.parametrize("shape", [(12, 17), (48, 66), (24, 40), (1, 33)])
def test_another_size_is_what_the_studio_makes_of_it_but_for_rounding(shape):
    picture = RNG.integers(80, 176, (24, 33, 3)).astype("uint8")
    found = images.to_uint8(resized(images.to_01(picture), (1, *shape, 3))).astype(int)
    assert np.abs(found - images.resize(picture, *shape)).max() <= 2  # Pillow rounds between rows and columns
