"""The choice of the next pair, and how soon the best is found, with simulated users."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from simulated_users import LookSettings, SimulatedUser, make_grid, run_search, run_tournament

from studio.tune.by_preference.pairs import MAX_COMPARISONS, Pair, PairSelector
from studio.tune.by_preference.posteriors import compute_posteriors


@pytest.fixture(scope="module")
def long_search():
    """A complete search over three settings, one of them categorical."""
    grid = make_grid("strength", "stroke=0.35:2.8", "look")
    return run_search(grid, SimulatedUser(grid, 3), seed=3)


def test_levels_match_the_form():
    levels = make_grid("strength=0.3:0.5", "stroke", "depth=2:4", "look=eyes|fur", "bright").levels
    assert levels["strength"] == (0.3, 0.35, 0.4, 0.45, 0.5)
    assert levels["stroke"][0] == 0.25 and levels["stroke"][-1] == 4 and 1.0 in levels["stroke"]
    assert np.diff(np.log2(levels["stroke"])) == pytest.approx(0.25, abs=0.05)
    assert levels["depth"] == (2, 3, 4) and all(type(level) is int for level in levels["depth"])
    assert (levels["look"], levels["bright"]) == (("eyes", "fur"), (False, True))


def test_choices_are_as_far_apart_as_bounds():
    grid = make_grid("strength", "look")
    a, b, c, d = grid.locate([(0.0, "dogs"), (0.0, "fur"), (0.0, "fans"), (1.0, "dogs")])
    assert [np.linalg.norm(a - other) for other in (b, c, d)] == pytest.approx([1, 1, 1])
    assert grid.dimension_settings == [0, 1, 1, 1, 1]


def test_the_first_pair_has_the_default_settings():
    grid = make_grid("strength", "stroke", "look")
    pair = PairSelector(grid, []).next_pair
    assert pair.left == (0.8, 1.0, "dogs") and pair.right != pair.left


@pytest.mark.parametrize("picked", ["left", "right"])
def test_the_best_is_the_picked_point(picked):
    grid = make_grid("strength", "stroke")
    first = PairSelector(grid, []).next_pair._replace(picked=picked)
    assert PairSelector(grid, [first]).best == getattr(first, picked)


@pytest.mark.slow
def test_the_picked_point_meets_another_rival(long_search):
    stays = 0
    for comparison, after in pairwise(long_search.comparisons):
        assert len({comparison.left, comparison.right} & {after.left, after.right}) < 2
        if comparison.picked != "alike" and getattr(after, comparison.picked) == getattr(
            comparison, comparison.picked
        ):
            stays += 1
    assert stays > len(long_search.comparisons) / 2


@pytest.mark.slow
def test_no_pair_repeats(long_search):
    pairs = [frozenset(comparison[:2]) for comparison in long_search.comparisons]
    assert len(long_search.comparisons) == MAX_COMPARISONS
    assert len(set(pairs)) == len(pairs) and all(len(pair) == 2 for pair in pairs)


def test_all_points_are_valid_settings(long_search):
    for comparison in long_search.comparisons:
        for point in comparison[:2]:
            LookSettings.parse(dict(zip(long_search.grid.names, point, strict=True)))
    assert {point[2] for point in long_search.points} == {"dogs", "eyes", "fans", "fur"}


def test_a_search_is_determined_by_its_comparisons(long_search):
    for count in (0, 4, 17):
        again = PairSelector(
            make_grid("strength", "stroke=0.35:2.8", "look"), long_search.comparisons[:count], seed=3
        )
        assert again.next_pair == long_search.comparisons[count]._replace(picked="")
    other = PairSelector(long_search.grid, [], seed=4)
    assert other.next_pair != long_search.comparisons[0]._replace(picked="")


def test_a_small_space_ends_when_all_points_were_compared():
    grid = make_grid("bright", "look=dogs|eyes")
    duels = run_search(grid, SimulatedUser(grid, 0), seed=0)
    assert duels.next_pair is None and len(duels.comparisons) < MAX_COMPARISONS
    met = {
        point for comparison in duels.comparisons if duels.best in comparison[:2] for point in comparison[:2]
    }
    assert met == set(grid.list_points(0)), "the best has met all others"


def test_candidates_of_a_large_space_are_near_and_far():
    grid = make_grid("strength", "stroke", "depth", "look", "bright")
    points = grid.list_points(0, [grid.default_point])
    assert grid.count > 50_000 and 1000 < len(points) == len(set(points)) < 2000
    assert (0.75, 1.0, 10, "dogs", False) in points
    assert grid.list_points(0) != grid.list_points(1)


def test_posteriors_follow_the_picks():
    grid = make_grid("strength", "look")
    pairs = [Pair((n / 10, "fur"), (n / 10, other), "left") for n in (2, 5, 9) for other in ("dogs", "eyes")]
    pairs += [Pair((0.9, "fur"), (n / 10, "fur"), "left") for n in (0, 2, 4, 5)]
    strength, look = compute_posteriors(PairSelector(grid, pairs))
    assert (look.likely_values, look.is_open) == (("fur",), False) or set(look.likely_values) == {
        "fur",
        "fans",
    }
    assert min(strength.likely_values) > 0.5 and strength.best == 0.9
    assert strength.means[strength.values.index(0.9)] == pytest.approx(0)
    assert all(line.is_open for line in compute_posteriors(PairSelector(grid, [])))


@pytest.mark.slow
@pytest.mark.parametrize(
    "vary", [("strength", "stroke"), ("strength", "stroke=0.35:2.8", "depth=4:20")], ids=["two", "three"]
)
def test_thirty_comparisons_find_the_preferred_settings(vary):
    """Compares with a tournament of as many random rivals, with the same simulated user."""
    grid = make_grid(*vary)
    people = [SimulatedUser(grid, seed) for seed in range(5)]
    points = [run_search(grid, person, seed).best for seed, person in enumerate(people)]
    better = [person.share_better(point) for person, point in zip(people, points, strict=True)]
    assert sorted(better)[3] < 0.1, "four of five people are led into their best tenth"
    missed = np.median([person.regret(point) for person, point in zip(people, points, strict=True)])
    by_chance = [
        person.regret(run_tournament(grid, person, turn, MAX_COMPARISONS))
        for person in people
        for turn in range(20)
    ]
    assert missed < 0.6 * np.median(by_chance)
