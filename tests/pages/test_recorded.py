""" "Under the hood" always has content, and recorded runs say so and can be repeated."""

import shlex

import pytest

from pages.recorded import runs
from studio.cli import _build_parser
from training.drawings import recorded_runs

PAGES = ("style", "dream", "classify", "tune", "x-ray", "lab")


def count_visuals(page):
    """Returns the number of charts and images in the section."""
    [section] = [element for element in page.expander if element.label == "Under the hood"]
    return len(section.get("vega_lite_chart")) + len(section.get("imgs"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address", ["style", "dream", "playground", "x-ray", "lab", "classify", "tune", "text"]
)
def test_every_section_has_charts_on_a_first_visit(visit, no_live_work, address):
    folded, unfolded = visit(address), visit(address, explain="true")
    assert not unfolded.exception
    assert count_visuals(unfolded) > 0 == count_visuals(folded)
    text = " ".join(element.value for element in unfolded.caption)
    assert ("A recorded run" in text) == (address in PAGES)


def test_recorded_search_has_comparisons(visit):
    page = visit("tune", select_by="By preference", explain="true")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 2
    assert "14 picks by a rule" in " ".join(element.value for element in page.caption)


@pytest.mark.parametrize("name", recorded_runs.RUNS)
def test_recorded_run_names_its_command(name):
    words = shlex.split(runs.load(name).command)
    assert words[0] == "studio"
    _build_parser().parse_args(words[1:])
    assert runs.load(name).command == recorded_runs.RUNS[name].command
    assert set(runs.load(name).figures) == set(recorded_runs.RUNS[name].figures)


def test_recordings_are_small():
    files = [path for path in runs.FOLDER.iterdir() if path.suffix in (".json", ".webp")]
    assert sum(path.stat().st_size for path in files) < 120_000
