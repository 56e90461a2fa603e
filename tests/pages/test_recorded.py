"""What lies under the hood is never empty, and what was recorded says so and can be made again."""

import shlex

import pytest

from pages.recorded import record, runs
from studio.cli import _parser

RECORDED = ("style", "dream", "classify", "tune", "x-ray", "lab")


def drawn(page):
    """How much is drawn within the section; the stage next to it may change meanwhile."""
    [section] = [one for one in page.expander if one.label == "Under the hood"]
    return len(section.get("vega_lite_chart")) + len(section.get("imgs"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address", ["style", "dream", "playground", "x-ray", "lab", "classify", "tune", "text"]
)
def test_every_section_has_something_to_look_at_on_a_first_visit(visit, monkeypatch, address):
    monkeypatch.setattr("pages.parts.show_live", lambda *told, **more: None)
    folded, opened = visit(address), visit(address, hood="true")
    assert not opened.exception
    assert drawn(opened) > 0 == drawn(folded)
    said = " ".join(one.value for one in opened.caption)
    assert ("A recorded run" in said) == (address in RECORDED)


@pytest.mark.slow
def test_a_search_by_preference_has_recorded_picks_before_the_first(visit):
    page = visit("tune", select_by="By preference", hood="true")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 2
    assert "14 picks by a rule" in " ".join(one.value for one in page.caption)


@pytest.mark.parametrize("name", record.RUNS)
def test_a_recorded_run_names_the_command_that_makes_it(name):
    words = shlex.split(runs.recorded(name).command)
    assert words[0] == "studio"
    _parser().parse_args(words[1:])
    assert runs.recorded(name).command == record.RUNS[name].command
    assert set(runs.recorded(name).figures) == set(record.RUNS[name].drawn)


def test_recordings_stay_small():
    files = [path for path in runs.HERE.iterdir() if path.suffix in (".json", ".webp")]
    assert sum(path.stat().st_size for path in files) < 120_000
