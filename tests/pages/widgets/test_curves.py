"""Curves: points of one step are drawn next to each other, in order."""

from pages.widgets import curves


def test_repeated_steps_are_spread_evenly():
    assert curves.spread_steps([0, 1, 1, 1, 1, 2, 2, 5]) == [0, 1, 1.25, 1.5, 1.75, 2, 2.5, 5]


def test_positions_never_decrease():
    history = [{"step": step, "loss": 1.0 + n} for n, step in enumerate([0, 1, 1, 2, 2, 2, 3])]
    rows = curves._to_rows(history)
    places = [row["at"] for row in rows]
    assert places == sorted(set(places)) and [row["step"] for row in rows] == [0, 1, 1, 2, 2, 2, 3]


def test_lines_have_a_color_and_a_dash_each_and_a_legend_that_selects():
    rows = [{"step": step, "value": step + 1.0, "which": name} for name in ("b", "a") for step in range(3)]
    chart = curves.build_lines(rows, "step", "value", "which", y_title="loss", is_log=True).to_dict()
    encoding = chart["encoding"]
    assert {encoding[channel]["field"] for channel in ("color", "strokeDash")} == {"which"}
    assert encoding["y"]["title"] == "loss" and encoding["y"]["scale"]["type"] == "log"
    assert chart["params"][0]["bind"] == "legend"


def test_a_long_history_keeps_its_first_and_last_report():
    history = [{"step": step, "loss": 1.0} for step in range(1, 3 * curves.MAX_POINTS)]
    rows = curves.list_rows(history, {"loss": "loss"})
    steps = [row["step"] for row in rows]
    assert len(steps) < 2 * curves.MAX_POINTS and (steps[0], steps[-1]) == (1, len(history))
