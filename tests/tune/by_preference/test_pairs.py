"""The choice of the next pair, and how soon the best is found, with simulated users."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from made_up_tastes import LookSettings, Person, grid, searched, tournament

from studio.tune.by_preference.learned import lines
from studio.tune.by_preference.pairs import MOST, Pair, Pairs


@pytest.fixture(scope="module")
def long():
    """A complete search over three settings, one of them categorical."""
    able = grid("strength", "stroke=0.35:2.8", "look")
    return searched(able, Person(able, 3), seed=3)


def test_values_are_those_of_a_form():
    levels = grid("strength=0.3:0.5", "stroke", "depth=2:4", "look=eyes|fur", "bright").levels
    assert levels["strength"] == (0.3, 0.35, 0.4, 0.45, 0.5)
    assert levels["stroke"][0] == 0.25 and levels["stroke"][-1] == 4 and 1.0 in levels["stroke"]
    assert np.diff(np.log2(levels["stroke"])) == pytest.approx(0.25, abs=0.05)
    assert levels["depth"] == (2, 3, 4) and all(type(level) is int for level in levels["depth"])
    assert (levels["look"], levels["bright"]) == (("eyes", "fur"), (False, True))


def test_any_two_choices_are_as_far_apart_as_the_ends_of_a_number():
    able = grid("strength", "look")
    a, b, c, d = able.places([(0.0, "dogs"), (0.0, "fur"), (0.0, "fans"), (1.0, "dogs")])
    assert [np.linalg.norm(a - other) for other in (b, c, d)] == pytest.approx([1, 1, 1])
    assert able.owners == [0, 1, 1, 1, 1]


def test_the_first_pair_begins_with_the_usual_settings():
    able = grid("strength", "stroke", "look")
    pair = Pairs(able, []).pair
    assert pair.left == (0.8, 1.0, "dogs") and pair.right != pair.left


@pytest.mark.parametrize("picked", ["left", "right"])
def test_the_best_is_the_one_that_was_picked(picked):
    able = grid("strength", "stroke")
    first = Pairs(able, []).pair._replace(picked=picked)
    assert Pairs(able, [first]).best == getattr(first, picked)


@pytest.mark.slow
def test_whoever_was_picked_stays_and_meets_another(long):
    stays = 0
    for comparison, after in pairwise(long.comparisons):
        assert len({comparison.left, comparison.right} & {after.left, after.right}) < 2
        if comparison.picked != "alike" and getattr(after, comparison.picked) == getattr(
            comparison, comparison.picked
        ):
            stays += 1
    assert stays > len(long.comparisons) / 2


@pytest.mark.slow
def test_no_pair_comes_twice_and_no_two_are_equal(long):
    pairs = [frozenset(comparison[:2]) for comparison in long.comparisons]
    assert len(long.comparisons) == MOST
    assert len(set(pairs)) == len(pairs) and all(len(pair) == 2 for pair in pairs)


def test_all_that_is_tried_are_real_settings(long):
    for comparison in long.comparisons:
        for point in comparison[:2]:
            LookSettings.parse(dict(zip(long.grid.names, point, strict=True)))
    assert {point[2] for point in long.points} == {"dogs", "eyes", "fans", "fur"}


def test_a_search_follows_from_what_was_picked(long):
    for count in (0, 4, 17):
        again = Pairs(grid("strength", "stroke=0.35:2.8", "look"), long.comparisons[:count], seed=3)
        assert again.pair == long.comparisons[count]._replace(picked="")
    other = Pairs(long.grid, [], seed=4)
    assert other.pair != long.comparisons[0]._replace(picked="")


def test_a_small_space_ends_when_all_is_compared():
    able = grid("bright", "look=dogs|eyes")
    duels = searched(able, Person(able, 0), seed=0)
    assert duels.pair is None and len(duels.comparisons) < MOST
    met = {
        point for comparison in duels.comparisons if duels.best in comparison[:2] for point in comparison[:2]
    }
    assert met == set(able.points(0)), "the best has met all others"


def test_a_large_space_is_looked_at_near_and_far():
    able = grid("strength", "stroke", "depth", "look", "bright")
    points = able.points(0, [able.usual])
    assert able.count > 50_000 and 1000 < len(points) == len(set(points)) < 2000
    assert (0.75, 1.0, 10, "dogs", False) in points
    assert able.points(0) != able.points(1)


def test_what_is_learned_is_what_was_picked():
    able = grid("strength", "look")
    pairs = [Pair((n / 10, "fur"), (n / 10, other), "left") for n in (2, 5, 9) for other in ("dogs", "eyes")]
    pairs += [Pair((0.9, "fur"), (n / 10, "fur"), "left") for n in (0, 2, 4, 5)]
    strength, look = lines(Pairs(able, pairs))
    assert (look.likely, look.open) == (("fur",), False) or set(look.likely) == {"fur", "fans"}
    assert min(strength.likely) > 0.5 and strength.best == 0.9
    assert strength.means[strength.values.index(0.9)] == pytest.approx(0)
    assert all(line.open for line in lines(Pairs(able, [])))


@pytest.mark.slow
@pytest.mark.parametrize(
    "vary", [("strength", "stroke"), ("strength", "stroke=0.35:2.8", "depth=4:20")], ids=["two", "three"]
)
def test_thirty_comparisons_find_what_a_person_likes(vary):
    """Compares with a tournament of as many random rivals, with the same simulated user."""
    able = grid(*vary)
    people = [Person(able, seed) for seed in range(5)]
    points = [searched(able, person, seed).best for seed, person in enumerate(people)]
    better = [person.share_better(point) for person, point in zip(people, points, strict=True)]
    assert sorted(better)[3] < 0.1, "four of five people are led into their best tenth"
    missed = np.median([person.missed(point) for person, point in zip(people, points, strict=True)])
    by_chance = [
        person.missed(tournament(able, person, turn, MOST)) for person in people for turn in range(20)
    ]
    assert missed < 0.6 * np.median(by_chance)
