"""Streams: growing text, stopping without loss, and replacing an older stream."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from studio.core import paths
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.engine import Superseded
from studio.engine import live as live_module
from studio.engine.cluster import reports
from studio.playground.settings import PlaygroundSettings
from tests.wording import says_what_to_do

LETTERS = "bcdefghijklmnopqrstuvwxyza" * 40
LONG_SETTINGS = {"steps": 1000, "pause": 0.05}


def yield_reports(stream):
    """Yields each report until the stream has ended."""
    report = None
    while True:
        finished, newest = stream.finished, stream.report
        if newest is not report:
            report = newest
            yield report
        elif finished:
            return
        time.sleep(0.001)


@pytest.fixture
def start_stream(engine, chores):
    """Starts a text stream: `start_stream("me", steps=3)`; stops it after the test."""
    streams = []

    def ask(session="me", **settings):
        streams.append(engine.start_stream("chores.write", chores.ChoreSettings(**settings), {}, session))
        return streams[-1]

    yield ask
    for stream in streams:
        stream.stop()
    for item in streams:
        item._result.exception()


def wait_for_report(stream):
    """Returns the stream after its first report."""
    next(yield_reports(stream))
    return stream


@pytest.mark.slow
def test_stream_reports_text_and_stores_nothing(start_stream):
    before = {path for name in ("files", "jobs") for path in paths.ensure_folder(name).rglob("*")}
    running = start_stream(steps=40, pause=0.03)
    texts, unfinished = [], 0
    for report in yield_reports(running):
        texts.append(report.text)
        unfinished += not running.finished
    assert texts[0] == "b", "the first comes at once, not when there is more"
    assert unfinished >= 3
    assert all(longer.startswith(text) for text, longer in pairwise(texts))
    result = running.result()
    assert (result.kind, result.data.decode(), result.stopped_early) == ("text", LETTERS[:40], False)
    assert result.data.decode().startswith(running.report.text)
    assert before == {path for name in ("files", "jobs") for path in paths.ensure_folder(name).rglob("*")}


@pytest.mark.slow
def test_fast_reports_are_thinned(start_stream):
    running = start_stream(steps=1000, pause=0.001)
    steps, receive = [], running.receive_report
    running.receive_report = lambda report, *more: steps.append(report.step) or receive(report, *more)
    allowed = running.result().seconds / reports.STREAM_SECONDS + 2
    assert 3 <= len(steps) <= allowed < 500


@pytest.mark.slow
def test_stream_has_previews_and_history(engine):
    photo = File.store(image_io.encode_png(sample_photos.read_photo("rocket")), "image", "rocket.png")
    settings = PlaygroundSettings(detail=32, steps=400, size=64)
    running = engine.start_stream("playground.train", settings, {"content": [photo]}, "me")
    previews = [(running.preview, report.step) for report in yield_reports(running)]
    assert image_io.read(previews[0][0]).shape[1] == 32 and previews[0][1] == 0
    assert not running.result().stopped_early
    first, *_, last = running.history
    assert first["step"] == 0 and first["training"] > last["training"] and "gradient_1" in last


def test_late_reader_sees_the_latest_report_and_the_result(start_stream, until):
    running = start_stream(steps=10, pause=0.02)
    running.result()
    assert [report.text for report in yield_reports(running)] == [running.report.text]


def test_stop_keeps_the_text_and_frees_the_lane(engine, start_stream):
    running = wait_for_report(start_stream(**LONG_SETTINGS))
    running.stop()
    result = running.result()
    assert result.stopped_early
    assert LETTERS.startswith(result.data.decode())
    assert 1 <= len(result.data) < 1000
    assert start_stream(steps=3).result().data == b"bcd"
    job = engine.store_live(result)
    assert engine.find_job(job.id).result.stopped_early
    engine.find_job(job.id).folder.remove()


def test_newer_stream_stops_the_running_one(start_stream):
    running = wait_for_report(start_stream(**LONG_SETTINGS))
    assert start_stream(steps=5).result().data == b"bcdef"
    result = running.result()
    assert result.stopped_early and result.data


def test_stream_stopped_before_a_result_is_superseded(start_stream):
    """Two runs of a page can overlap; the one that was replaced asks again."""
    running = wait_for_report(start_stream(do="nothing", **LONG_SETTINGS))
    assert start_stream(steps=5).result().data == b"bcdef"
    with pytest.raises(Superseded):
        running.result()

    stopped = wait_for_report(start_stream(do="nothing", **LONG_SETTINGS))
    stopped.stop()
    with pytest.raises(StudioError, match="before there was anything to keep") as error:
        stopped.result()
    assert not isinstance(error.value, Superseded), "a user stopped it"


def test_newest_stream_of_a_session_supersedes_waiting_ones(engine, start_stream, until):
    running = wait_for_report(start_stream("you", **LONG_SETTINGS))
    waiting = start_stream(steps=4)
    until(lambda: "me" in engine._live._turns._waiting)
    newest = start_stream(steps=5)
    with pytest.raises(Superseded):
        waiting.result()
    assert not running.finished
    running.stop()
    assert newest.result().data == b"bcdef"


def test_other_sessions_do_not_stop_a_stream(engine, chores, start_stream):
    running = wait_for_report(start_stream(steps=30, pause=0.02))
    assert engine.run_live("chores.do", chores.ChoreSettings(), {}, "you").data
    assert not running.result().stopped_early


def test_live_request_of_the_session_stops_its_stream(engine, chores, start_stream):
    running = wait_for_report(start_stream(**LONG_SETTINGS))
    assert engine.run_live("chores.do", chores.ChoreSettings(), {}, "me").data
    assert running.result().stopped_early


def test_stream_stopped_before_its_turn_never_runs(start_stream):
    running = wait_for_report(start_stream("you", **LONG_SETTINGS))
    waiting = start_stream()
    waiting.stop()
    with pytest.raises(StudioError, match="stopped"):
        waiting.result()
    assert waiting.report is None
    assert not running.finished


def test_slow_stream_returns_its_result_so_far(start_stream, monkeypatch):
    monkeypatch.setattr(live_module, "MAX_SECONDS", 0.5)
    result = start_stream(**LONG_SETTINGS).result()
    assert result.stopped_early and result.data


def test_error_ends_the_stream_and_keeps_its_message(start_stream):
    running = start_stream(do="refuse", steps=4)
    assert next(yield_reports(running)).step == 1  # a slow machine may report the next step, too
    with pytest.raises(StudioError, match="not to my taste"):
        running.result()


def test_too_large_result_is_rejected(start_stream, engine, chores):
    with pytest.raises(StudioError, match="5 MB; a live one has 4 MB at most") as raised:
        start_stream(do="swell", steps=1).result()
    assert says_what_to_do(str(raised.value))


def test_invalid_request_is_rejected_at_once(engine, chores):
    with pytest.raises(InvalidInput):
        engine.start_stream("chores.write", chores.ChoreSettings(), {"wrong": []}, "me")


@pytest.mark.slow
def test_unwatched_stream_stops(start_stream, until):
    running, watched = start_stream("me", **LONG_SETTINGS), start_stream("you", **LONG_SETTINGS)
    wait_for_report(running).unwatched_seconds = 0.3
    until(lambda: running.finished)
    assert running.result().stopped_early
    wait_for_report(watched).unwatched_seconds = 0.3
    end = time.monotonic() + 1
    until(lambda: watched.report and time.monotonic() > end)
    assert not watched.finished
