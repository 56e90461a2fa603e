"""The preference model against closed forms, finite differences and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from studio.tune.by_preference import preference
from studio.tune.by_preference.preference import MARGIN, Preference, UtilityPosterior

PLACES = np.array([[0.0], [0.35], [0.7], [1.0]])


@pytest.mark.parametrize("answers", [preference._compute_pick_terms, preference._compute_tie_terms])
def test_gradient_and_curvature_match_the_likelihood(answers):
    gaps, step = np.array([-6.0, -2.0, -0.4, 0.1, 0.9, 3.0, 7.0]), 1e-4
    _, slope, bend = answers(gaps)
    above, below = answers(gaps + step), answers(gaps - step)
    assert slope == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-4, abs=1e-6)
    assert bend == pytest.approx(-(above[1] - below[1]) / (2 * step), rel=1e-3, abs=1e-5)
    assert (bend > 0).all(), "one hill, so that the climb ends at its top"


def test_probabilities_of_the_three_answers_sum_to_1():
    gaps = np.linspace(-4, 4, 9)
    left, right = (np.exp(preference._compute_pick_terms(gap)[0]) for gap in (gaps, -gaps))
    alike_share = np.exp(preference._compute_tie_terms(gaps)[0])
    assert left + right + alike_share == pytest.approx(1)
    assert left == pytest.approx(ndtr(gaps - MARGIN))


def test_without_comparisons_the_posterior_is_the_prior():
    belief = UtilityPosterior(PLACES, [], [0])
    assert belief.mean(PLACES) == pytest.approx(0)
    assert belief.variance(PLACES) == pytest.approx(preference.CANDIDATE_VARIANCES[1])


def test_a_picked_point_and_its_neighbors_have_higher_utility():
    belief = UtilityPosterior(PLACES, [Preference(1, 0), Preference(1, 3), Preference(2, 3)], [0])
    means = belief.mean(PLACES)
    assert means.argmax() == 1 and means[2] > means[3]
    assert belief.mean(np.array([[0.4]]))[0] > means[3]
    assert belief.variance(PLACES).max() < preference.CANDIDATE_VARIANCES[-1]


def test_a_tie_brings_utilities_closer():
    comparisons = [Preference(0, 1), Preference(1, 3)]
    gap = np.ptp(UtilityPosterior(PLACES, comparisons, [0]).mean(PLACES[[0, 1]]))
    tied = UtilityPosterior(PLACES, [*comparisons, *[Preference(0, 1, is_tie=True)] * 4], [0])
    assert np.ptp(tied.mean(PLACES[[0, 1]])) < 0.6 * gap


def test_the_posterior_of_one_comparison_matches_integration():
    """The utility difference on a fine grid: a Gaussian prior times a probit likelihood."""
    belief = UtilityPosterior(PLACES[[0, 3]], [Preference(0, 1)], [0])
    variance = (
        2
        * (
            belief._compute_kernel(PLACES[:1], PLACES[:1]) - belief._compute_kernel(PLACES[:1], PLACES[3:])
        ).item()
    )
    gaps = np.linspace(-15, 15, 20_001)
    weights = np.exp(-(gaps**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance) * ndtr(gaps - MARGIN)
    mean = (weights * gaps).sum() / weights.sum()
    deviation = np.sqrt((weights * (gaps - mean) ** 2).sum() / weights.sum())
    ends = PLACES[[0, 3]]
    assert belief.mean(ends) @ [1, -1] == pytest.approx(gaps[weights.argmax()], abs=2e-3), (
        "the top of the hill"
    )
    spread = np.sqrt([1, -1] @ belief.covariance(ends, ends) @ [1, -1])
    assert spread == pytest.approx(deviation, rel=0.15)
    assert belief.evidence == pytest.approx(np.log(weights.sum() * (gaps[1] - gaps[0])), abs=0.1)


def test_the_variance_is_the_diagonal_of_the_covariance():
    belief = UtilityPosterior(
        PLACES, [Preference(1, 0), Preference(2, 3), Preference(0, 3, is_tie=True)], [0]
    )
    places = np.linspace(0, 1, 7)[:, None]
    covariance = belief.covariance(places, places)
    assert belief.variance(places) == pytest.approx(np.diag(covariance))
    assert np.linalg.eigvalsh(covariance).min() > -1e-8


def test_irrelevant_settings_get_long_length_scales():
    rng = np.random.default_rng(0)
    places = rng.random((24, 2))
    pairs = [(a, b) for a in range(24) for b in range(a) if rng.random() < 0.15]
    wave = np.sin(9 * places[:, 0])
    comparisons = [Preference(a, b) if wave[a] > wave[b] else Preference(b, a) for a, b in pairs]
    matters, idle = UtilityPosterior(places, comparisons, [0, 1]).length_scales
    assert matters < idle


def test_expected_improvement_is_0_at_the_champion():
    belief = UtilityPosterior(PLACES[:2], [Preference(0, 1)] * 6, [0])
    same, near, far = belief.compute_expected_improvement(np.array([[0.0], [0.05], [1.0]]), PLACES[:1])
    assert same == pytest.approx(0, abs=1e-4)
    assert far > near > same
