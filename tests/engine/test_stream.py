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
LONG = {"steps": 1000, "pause": 0.05}


def watch(stream):
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
def stream(engine, chores):
    """Starts a text stream: `stream("me", steps=3)`; stops it after the test."""
    streams = []

    def ask(session="me", **settings):
        streams.append(engine.stream("chores.write", chores.ChoreSettings(**settings), {}, session))
        return streams[-1]

    yield ask
    for stream in streams:
        stream.stop()
    for item in streams:
        item._result.exception()


def started(stream):
    """Returns the stream after its first report."""
    next(watch(stream))
    return stream


@pytest.mark.slow
def test_a_text_is_seen_as_it_grows_and_leaves_nothing(stream):
    before = {path for name in ("files", "jobs") for path in paths.folder(name).rglob("*")}
    running = stream(steps=40, pause=0.03)
    texts, unfinished = [], 0
    for report in watch(running):
        texts.append(report.text)
        unfinished += not running.finished
    assert texts[0] == "b", "the first comes at once, not when there is more"
    assert unfinished >= 3
    assert all(longer.startswith(text) for text, longer in pairwise(texts))
    result = running.result()
    assert (result.kind, result.data.decode(), result.stopped_early) == ("text", LETTERS[:40], False)
    assert result.data.decode().startswith(running.report.text)
    assert before == {path for name in ("files", "jobs") for path in paths.folder(name).rglob("*")}


@pytest.mark.slow
def test_fast_reports_are_thinned(stream):
    running = stream(steps=1000, pause=0.001)
    steps, hear = [], running.hear
    running.hear = lambda report, *more: steps.append(report.step) or hear(report, *more)
    allowed = running.result().seconds / reports.STREAM_SECONDS + 2
    assert 3 <= len(steps) <= allowed < 500


@pytest.mark.slow
def test_images_and_curves_come_along(engine):
    photo = File.keep(image_io.encode_png(sample_photos.read_photo("rocket")), "image", "rocket.png")
    settings = PlaygroundSettings(detail=32, steps=400, size=64)
    running = engine.stream("playground.train", settings, {"content": [photo]}, "me")
    previews = [(running.preview, report.step) for report in watch(running)]
    assert image_io.read(previews[0][0]).shape[1] == 32 and previews[0][1] == 0
    assert not running.result().stopped_early
    first, *_, last = running.history
    assert first["step"] == 0 and first["training"] > last["training"] and "gradient_1" in last


def test_who_looks_late_sees_the_newest_and_the_end(stream, until):
    running = stream(steps=10, pause=0.02)
    running.result()
    assert [report.text for report in watch(running)] == [running.report.text]


def test_a_stop_keeps_what_was_written_and_frees_the_lane(engine, stream):
    running = started(stream(**LONG))
    running.stop()
    result = running.result()
    assert result.stopped_early
    assert LETTERS.startswith(result.data.decode())
    assert 1 <= len(result.data) < 1000
    assert stream(steps=3).result().data == b"bcd"
    job = engine.keep(result)
    assert engine.job(job.id).result.stopped_early
    engine.job(job.id).folder.remove()


def test_a_newer_one_of_the_session_stops_the_running(stream):
    running = started(stream(**LONG))
    assert stream(steps=5).result().data == b"bcdef"
    result = running.result()
    assert result.stopped_early and result.data


def test_one_that_a_newer_one_stops_before_it_has_anything_is_superseded_and_not_a_failure(stream):
    """Two runs of a page can overlap; the one that was replaced asks again."""
    running = started(stream(do="nothing", **LONG))
    assert stream(steps=5).result().data == b"bcdef"
    with pytest.raises(Superseded):
        running.result()

    stopped = started(stream(do="nothing", **LONG))
    stopped.stop()
    with pytest.raises(StudioError, match="before there was anything to keep") as error:
        stopped.result()
    assert not isinstance(error.value, Superseded), "a user stopped it"


def test_of_those_that_wait_in_a_session_the_newest_wins(engine, stream, until):
    running = started(stream("you", **LONG))
    waiting = stream(steps=4)
    until(lambda: "me" in engine._live._turns._waiting)
    newest = stream(steps=5)
    with pytest.raises(Superseded):
        waiting.result()
    assert not running.finished
    running.stop()
    assert newest.result().data == b"bcdef"


def test_another_session_and_its_sliders_stop_nobody(engine, chores, stream):
    running = started(stream(steps=30, pause=0.02))
    assert engine.live("chores.do", chores.ChoreSettings(), {}, "you").data
    assert not running.result().stopped_early


def test_a_slider_of_the_same_session_stops_its_text(engine, chores, stream):
    running = started(stream(**LONG))
    assert engine.live("chores.do", chores.ChoreSettings(), {}, "me").data
    assert running.result().stopped_early


def test_one_that_is_stopped_before_its_turn_never_runs(stream):
    running = started(stream("you", **LONG))
    waiting = stream()
    waiting.stop()
    with pytest.raises(StudioError, match="stopped"):
        waiting.result()
    assert waiting.report is None
    assert not running.finished


def test_what_takes_too_long_is_kept_as_far_as_it_was(stream, monkeypatch):
    monkeypatch.setattr(live_module, "MAX_SECONDS", 0.5)
    result = stream(**LONG).result()
    assert result.stopped_early and result.data


def test_an_error_ends_the_reports_and_is_raised_in_the_tasks_words(stream):
    running = stream(do="refuse", steps=4)
    assert [report.step for report in watch(running)] == [1]
    with pytest.raises(StudioError, match="not to my taste"):
        running.result()


def test_too_large_a_result_is_refused_in_one_sentence(stream, engine, chores):
    with pytest.raises(StudioError, match="5 MB; a live one has 4 MB at most") as raised:
        stream(do="swell", steps=1).result()
    assert says_what_to_do(str(raised.value))


def test_a_bad_request_is_refused_at_once(engine, chores):
    with pytest.raises(InvalidInput):
        engine.stream("chores.write", chores.ChoreSettings(), {"wrong": []}, "me")


@pytest.mark.slow
def test_what_is_there_to_be_watched_ends_where_nobody_looks(stream, until):
    running, watched = stream("me", **LONG), stream("you", **LONG)
    started(running).unwatched_seconds = 0.3
    until(lambda: running.finished)
    assert running.result().stopped_early
    started(watched).unwatched_seconds = 0.3
    end = time.monotonic() + 1
    until(lambda: watched.report and time.monotonic() > end)
    assert not watched.finished
