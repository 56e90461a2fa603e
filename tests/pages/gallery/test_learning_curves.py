"""The learning curves of training runs in the gallery."""

from __future__ import annotations

import csv
import io

import pytest

from pages.gallery import learning_curves
from studio.core import recipes, tasks
from studio.core.tasks import File
from studio.gallery import items


@pytest.fixture
def make_run(chores):
    """Adds a training run: `make_run(shade, curve)` -> its id."""

    def make(shade, curve):
        recipe = recipes.make("chores.do", chores.ChoreSettings(shade=shade), {})
        model = File.store(f"model {shade}".encode(), "model", "model.zip")
        return items.add(tasks.Result((model,), {"curve": curve}, recipe), 4.0)

    return make


CURVES = (
    {"steps": [10, 20], "train": [2.0, 1.5], "test": [2.5, None]},
    {"steps": [10, 20, 30], "train": [1.9, 1.4, float("nan")], "fid": [40.0, 30.0, 20.0]},
)


def test_curves_of_two_runs_are_in_one_chart_and_in_a_csv(visit, make_run):
    ids = [make_run(shade, curve) for shade, curve in enumerate(CURVES, 1)]
    page = visit("gallery", item=ids[0], **{"with": ids[1]})
    assert not page.exception
    assert page.selectbox(key="compare_metric").options == ["train", "test", "fid"]
    assert len(page.get("vega_lite_chart")) == 1
    legend = str(page.get("vega_lite_chart")[0].proto)
    assert "A: Shade 1" in legend and "B: Shade 2" in legend
    runs = {name: items.find(id) for name, id in zip("AB", ids, strict=True)}
    points, settings = learning_curves.list_points(runs), {"A": {"shade": "1"}, "B": {"shade": "2"}}
    rows = list(csv.reader(io.StringIO(learning_curves.to_csv(points, settings).decode())))
    assert rows[:2] == [["run", "metric", "step", "value", "shade"], ["A", "train", "10", "2.0", "1"]]
    assert ["B", "fid", "30", "20.0", "2"] in rows and len(rows) == 1 + 3 + 5


def test_one_run_shows_its_curve_and_an_image_shows_none(visit, make_run, make_result):
    page = visit("gallery", item=make_run(1, CURVES[0]))
    assert not page.exception and len(page.get("vega_lite_chart")) == 1
    for address in ({"item": make_result()}, {"item": make_result(), "with": make_run(2, CURVES[1])}):
        page = visit("gallery", **address)
        assert not page.exception and not page.get("vega_lite_chart")


def _draw_actions(id):
    from pages.jobs import jobs
    from studio import engine
    from studio.core import tasks

    job = engine.connect().find_job(id, "local")
    jobs.show_model_actions(job, tasks.get(job.task).settings.parse(job.settings))


def test_trained_model_links_to_the_comparison_with_the_previous_run(
    draw, visit, make_run, make_result, monkeypatch
):
    links = []
    monkeypatch.setattr("streamlit.page_link", lambda file, **options: links.append(options["query_params"]))
    first, second, image = make_run(1, CURVES[0]), make_run(2, CURVES[1]), make_result()
    for id in (first, second, image):
        assert not draw(_draw_actions, id=id).exception
    assert links == [{"item": second, "with": first}]
    page = visit("gallery", **links[0])
    assert len(page.get("vega_lite_chart")) == 1
