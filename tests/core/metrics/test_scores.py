"""FID, KID, precision and recall agree with definitions and published values, and report n."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.metrics import inception, scores


def draw_samples(n, d=8, shift=0.0, spread=1.0, seed=0):
    """Returns `(n, d) float32` from a normal distribution."""
    return np.random.default_rng(seed).normal(shift, spread, (n, d)).astype("float32")


def test_fid_of_a_set_with_itself_is_zero():
    for d in (8, 100):  # more images than features, and fewer
        a = draw_samples(60, d)
        assert scores.fid(a, a).value == pytest.approx(0, abs=1e-3)


def compute_fid_by_definition(a, b):
    """Computes FID as in the paper, with a matrix square root by eigenvalues."""
    mean_a, mean_b = a.mean(0, "float64"), b.mean(0, "float64")
    cov_a, cov_b = np.cov(a.T.astype("float64")), np.cov(b.T.astype("float64"))
    root = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).astype(complex)).real.sum()
    return np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a) + np.trace(cov_b) - 2 * root


@pytest.mark.parametrize("d", [5, 40, 120])
@pytest.mark.parametrize("n, m", [(50, 50), (100, 45)])
def test_fid_matches_its_definition(d, n, m):
    a = draw_samples(n, d) @ draw_samples(d, d, seed=1)
    b = draw_samples(m, d, 0.5, 2, seed=2) @ draw_samples(d, d, seed=3)
    score = scores.fid(a, b)
    assert score.value == pytest.approx(compute_fid_by_definition(a, b), rel=1e-4)
    assert score.n == min(n, m)


def test_fid_of_identical_images_is_finite():
    constant = np.ones((120, 64), "float32")  # with more images than features the covariance has full rank
    other = np.random.default_rng(0).normal(size=(120, 64)).astype("float32")
    assert scores.fid(constant, other).value == pytest.approx(2 * 64, rel=0.1)


def test_fid_equals_the_distance_of_two_normal_distributions():
    d = 3
    score = scores.fid(draw_samples(50_000, d), draw_samples(50_000, d, 0.5, 2, seed=1))
    assert score.value == pytest.approx(d * 0.25 + d * 1, abs=4 * score.error)
    assert score.error < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("score", [scores.fid, scores.kid])
def test_standard_errors_match_the_spread_of_repeated_samples(score):
    results = [
        score(draw_samples(100, 4, seed=2 * n), draw_samples(100, 4, 1, seed=2 * n + 1)) for n in range(30)
    ]
    spread = np.std([result.value for result in results])
    assert 0.75 < np.mean([result.error for result in results]) / spread < 1.5


@pytest.mark.parametrize("d", [5, 90])
def test_the_error_of_fid_is_a_jackknife_over_ten_blocks(d):
    a, b = draw_samples(60, d), draw_samples(45, d, 0.5, seed=1)
    a[::10] += 3  # so that each tenth has a different weight
    b[3::10] *= 2
    masks = [[np.arange(len(x)) % 10 != block for x in (a, b)] for block in range(10)]
    left = [compute_fid_by_definition(a[kept_a], b[kept_b]) for kept_a, kept_b in masks]
    assert scores.fid(a, b).error == pytest.approx(np.sqrt(9 * np.var(left)), rel=1e-3)


def compute_kernel(x, y):
    return (x @ y / len(x) + 1) ** 3


def test_kid_matches_its_definition():
    a, b = draw_samples(25).astype("float64"), draw_samples(20, shift=0.3, seed=1).astype("float64")
    within_a = np.mean([compute_kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j])
    within_b = np.mean([compute_kernel(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j])
    across = np.mean([compute_kernel(x, y) for x in a for y in b])
    score = scores.kid(a, b)
    assert score.value == pytest.approx(within_a + within_b - 2 * across, rel=1e-6)
    assert score.n == 20


def test_the_error_of_kid_is_a_jackknife_over_images():
    a, b = draw_samples(22), draw_samples(24, shift=0.3, seed=1)
    left_a = [scores.kid(np.delete(a, n, 0), b).value for n in range(len(a))]
    left_b = [scores.kid(a, np.delete(b, n, 0)).value for n in range(len(b))]
    by_hand = np.sqrt(21 * np.var(left_a) + 23 * np.var(left_b))
    assert scores.kid(a, b).error == pytest.approx(by_hand, rel=1e-4)


def test_kid_of_equal_distributions_is_near_zero_for_any_sample_size():
    for n in (40, 700):
        score = scores.kid(draw_samples(n), draw_samples(n, seed=1))
        assert abs(score.value) < 4 * score.error


def test_precision_and_recall_detect_unrealistic_and_missing_images():
    """The model generates one of two kinds of real images, and some others."""
    first_kind, second_kind, unrealistic = (
        draw_samples(200, shift=shift, seed=seed) for seed, shift in enumerate((0, 20, -50))
    )
    real = np.concatenate([first_kind, second_kind])
    same = draw_samples(200, seed=7)
    precision, recall = scores.precision_recall(np.concatenate([same, unrealistic]), real)
    assert 0.35 < precision <= 0.5
    assert 0.35 < recall <= 0.5
    precision, recall = scores.precision_recall(same, real)
    assert precision > 0.7
    assert recall <= 0.5
    assert scores.precision_recall(real, real)[0] == 1


def test_the_radius_of_recall_is_the_third_nearest_neighbor():
    real = np.arange(20, dtype="float32")[:, None]  # the last one's third neighbor is 3 away
    for distance, covered in ((2.9, 1), (3.1, 0)):
        generated = np.full((20, 1), 19 + distance, "float32")
        assert scores.precision_recall(generated, real)[0] == covered


def test_distances_computed_in_chunks_equal_those_at_once(monkeypatch):
    monkeypatch.setattr(scores, "_ROWS", 7)
    a, b = draw_samples(30), draw_samples(40, seed=1)
    by_hand = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1)).min(1)
    assert np.allclose(scores.compute_nearest_distances(a, b), by_hand, atol=1e-5)
    assert scores.compute_nearest_distances(a + 100, a + 100).max() == 0
    in_chunks = scores.kid(a, b), scores.precision_recall(a, b)
    monkeypatch.undo()
    at_once = scores.kid(a, b), scores.precision_recall(a, b)
    # The order of sums varies between processors.
    assert at_once[0].value == pytest.approx(in_chunks[0].value, abs=1e-6)
    assert at_once[1] == in_chunks[1]


def test_too_few_images_are_refused_with_the_minimum():
    for score in (scores.fid, scores.kid, scores.precision_recall):
        with pytest.raises(InvalidInput, match="at least 20 images"):
            score(draw_samples(30), draw_samples(19))


def test_a_statistic_is_formatted_with_error_and_n():
    assert str(scores.Statistic(19.7412, 0.3456, 1000)) == "19.74 ± 0.35 (n = 1,000)"


def test_resizing_equals_that_of_tensorflow_1():
    tf = pytest.importorskip("tensorflow")
    for height, width in ((64, 64), (28, 28), (300, 451), (350, 299)):
        batch = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), "uint8")
        theirs = tf.raw_ops.ResizeBilinear(images=batch, size=(299, 299))
        assert np.abs(inception.resize(batch) - theirs).max() < 1e-3


def test_gray_images_become_three_equal_channels():
    resized = inception.resize(np.full((1, 28, 28, 1), 77, "uint8"))
    assert resized.shape == (1, 299, 299, 3)
    assert (resized == 77).all()
