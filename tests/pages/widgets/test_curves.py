"""Curves: points of one step are drawn next to each other, in order."""

from pages.widgets import curves


def test_repeated_steps_are_spread_evenly():
    assert curves.spread_steps([0, 1, 1, 1, 1, 2, 2, 5]) == [0, 1, 1.25, 1.5, 1.75, 2, 2.5, 5]


def test_positions_never_decrease():
    history = [{"step": step, "loss": 1.0 + n} for n, step in enumerate([0, 1, 1, 2, 2, 2, 3])]
    rows = curves._to_rows(history)
    places = [row["at"] for row in rows]
    assert places == sorted(set(places)) and [row["step"] for row in rows] == [0, 1, 1, 2, 2, 2, 3]
