"""Progress: reports are forwarded, previews are rare, and cancellation is immediate."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.progress import Progress, Report, format_steps, show_terminal_bar


def test_reports_reach_the_listener():
    reports = []
    Progress(reports.append).report(3, 10, {"loss": 0.5}, text="Climbing")
    (report,) = reports
    assert (report.step, report.total, report.metrics, report.text) == (3, 10, {"loss": 0.5}, "Climbing")
    assert report.preview is None


def test_without_a_listener_no_preview_is_made():
    Progress().report(1, 2, preview=lambda: pytest.fail("drawn for nobody"))


def test_previews_are_made_only_when_due():
    reports, previews = [], []

    def make_preview():
        previews.append(1)
        return np.zeros((2, 2, 3), "uint8")

    seldom = Progress(reports.append, preview_seconds=1000)
    for step in range(5):
        seldom.report(step, 5, preview=make_preview)
    assert len(previews) == 1
    assert [report.preview is not None for report in reports] == [True, False, False, False, False]
    often = Progress(reports.append, preview_seconds=0)
    for step in range(5):
        often.report(step, 5, preview=make_preview)
    assert len(previews) == 6


def test_cancellation_is_raised_after_the_report():
    reports = []
    progress = Progress(reports.append, cancelled=lambda: len(reports) >= 2)
    progress.report(1, 3)
    progress.check()
    with pytest.raises(Cancelled):
        progress.report(2, 3)
    with pytest.raises(Cancelled):
        progress.check()
    assert [report.step for report in reports] == [1, 2]


def test_a_stage_can_be_canceled():
    with pytest.raises(Cancelled):
        Progress(cancelled=lambda: True).report_stage("Fetching")


@pytest.fixture
def report_steps(monkeypatch):
    """Reports steps, each after some seconds; returns the seconds left after each."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("studio.core.progress.time", clock)
    reports = []
    progress = Progress(reports.append)

    def report_steps(steps, seconds, total=100, **arguments):
        count = len(reports)
        for step in steps:
            progress.report(step, total, **arguments)
            clock.now += seconds
        return [report.seconds_left for report in reports[count:]]

    return report_steps


def test_time_left_follows_the_rate_without_the_first_step(report_steps):
    assert report_steps([0], seconds=50) == [None]
    assert report_steps([1], seconds=2) == [None], "the first step loads and compiles"
    assert report_steps([2, 3, 4], seconds=2) == pytest.approx([196, 194, 192])
    assert report_steps([100], seconds=2) == [0.0]
    assert report_steps([5], seconds=2, total=0) == [None]


def test_time_left_is_smooth_but_follows_a_lasting_change(report_steps):
    lefts = report_steps(range(50), seconds=1)
    report_steps([50], seconds=10)
    (after_pause,) = report_steps([51], seconds=1)
    assert after_pause < 49 * 1.5, "a single slow step changes little"
    assert lefts[-1] < after_pause
    slow = report_steps(range(52, 80), seconds=4)
    assert slow[-1] == pytest.approx(21 * 4, rel=0.2)


def test_time_left_of_a_resumed_run_counts_only_its_own_steps(report_steps):
    assert report_steps(range(900, 903), seconds=3, total=1000)[-1] == pytest.approx(98 * 3)


def test_time_left_follows_the_work_where_steps_differ_in_cost(report_steps):
    report_steps([0], seconds=5, work=0.0)
    report_steps([50], seconds=10, work=0.1)
    assert report_steps([60], seconds=1, work=0.2) == pytest.approx([80])


def test_download_before_the_work_does_not_affect_the_time_left(report_steps):
    report_steps([0, 64], seconds=90, total=64, text="Fetching VGG16")
    assert report_steps([0, 1, 2], seconds=1, total=32)[-1] == pytest.approx(30)


def test_the_rate_of_a_resumed_run_counts_only_its_own_steps():
    assert format_steps(Report(5100, 8000, seconds=5, first_step=5000)) == "5100/8000  20.0/s"
    assert format_steps(Report(5000, 8000, first_step=5000)) == "5000/8000"


def test_short_work_prints_nothing_in_a_pipe(capsys):
    with show_terminal_bar("Paint") as progress:
        progress.report(1, 2, {"loss": 1.0})
    assert capsys.readouterr() == ("", "")


def test_long_work_prints_lines_in_a_pipe(capsys, monkeypatch):
    monkeypatch.setattr("studio.core.progress.LINE_SECONDS", 0)
    with show_terminal_bar("DCGAN training") as progress:
        progress.report_stage("Fetching VGG16")
        progress.report(3, 12)
        progress.report(4, 12)
        progress.report(5, 12, {"loss": 0.25})
    stage, first, _, third = capsys.readouterr().err.splitlines()
    assert stage == "DCGAN training: Fetching VGG16"
    assert first.startswith("DCGAN training  3/12")
    assert third.startswith("DCGAN training  5/12")
    assert third.endswith("loss 0.25")
    assert "left" in third


@pytest.mark.parametrize("quiet", [True, False])
def test_the_bar_raises_a_cancellation(quiet):
    with (
        pytest.raises(Cancelled),
        show_terminal_bar("Paint", quiet=quiet, cancelled=lambda: True) as progress,
    ):
        progress.report(1, 2)


def test_the_bar_shows_stage_step_rate_and_figures(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with show_terminal_bar("Paint") as progress:
        progress.report_stage("Fetching [VGG16]")
        progress.report(2, 12)
        time.sleep(0.01)
        progress.report(3, 12, {"loss": 0.25})
    output = capsys.readouterr().err
    for words in ("Paint", "3/12", "/s", "loss 0.25"):
        assert words in output


def test_a_short_text_is_a_stage_and_a_long_one_generated_text():
    assert Report(0, 0, text="Fetching VGG16").stage == "Fetching VGG16"
    assert Report(5, 9, text="the cat sat " * 6).stage == ""


def test_a_share_of_the_work_is_at_most_1():
    reports = []
    Progress(reports.append).report(10, 10, work=1.0000000000000002)
    assert reports[0].work == 1.0
