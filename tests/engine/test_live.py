"""The live queue: bytes in memory, nothing on disk, and the newest request wins."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from studio.core import paths, recipes, tasks
from studio.core.errors import InsufficientSpace, InvalidInput, StudioError, Unavailable
from studio.core.imaging import image_io
from studio.core.process import limits
from studio.engine import Superseded
from studio.engine import turns as turns_module
from studio.engine.live import BUSY
from studio.engine.turns import Turns
from studio.style.settings import TransferSettings
from tests.wording import SECOND_SENTENCE


@pytest.fixture
def run_live(engine, chores):
    def request(session="me", **settings):
        return engine.run_live("chores.do", chores.ChoreSettings(**settings), {}, session)

    return request


def _list_stored_files():
    return {path for name in ("files", "jobs") for path in paths.ensure_folder(name).rglob("*")}


@pytest.mark.slow
def test_live_result_is_not_stored(run_live):
    before = _list_stored_files()
    result = run_live(shade=33)
    assert image_io.read(result.data).mean() == 33
    assert recipes.read(result.data) == result.recipe
    assert (result.kind, result.task, result.settings.shade) == ("image", "chores.do", 33)
    assert result.figures == {"steps": 5.0} and result.seconds > 0
    assert _list_stored_files() == before


@pytest.mark.slow
def test_store_live_adds_a_finished_job(engine, run_live):
    result = run_live(shade=34)
    job = engine.store_live(result, "her")
    assert job == engine.find_job(job.id, "her") == engine.list_jobs("her")[0]
    assert (job.state, job.settings["shade"], job.place) == ("done", 34, 0)
    assert job.result.files[0].read() == result.data
    assert job.result.recipe == result.recipe
    assert image_io.read(job.preview).shape == (32, 48, 3)
    job.folder.remove()


def test_live_error_keeps_its_message(run_live):
    with pytest.raises(StudioError, match="not to my taste") as raised:
        run_live(do="refuse")
    assert "Traceback" not in str(raised.value)


def test_live_request_beyond_the_memory_is_rejected(engine, image, monkeypatch):
    file = tasks.File.store(image_io.encode_png(image), "image", "mine.png")
    request_arguments = (
        "style.transfer",
        TransferSettings(mode="fine", size=1024),
        {"content": [file], "style": [file]},
    )
    monkeypatch.setattr(limits, "read_memory_limit", lambda: 6 * 2**30)  # enough memory for a job
    for request in (engine.run_live, engine.start_stream):
        with pytest.raises(
            InsufficientSpace, match=r"here it may have 2\.4 GiB\. Choose size \d+ px or less"
        ):
            request(*request_arguments, "me")


def test_invalid_live_request_is_rejected(engine, chores):
    with pytest.raises(InvalidInput):
        engine.run_live("chores.do", chores.ChoreSettings(), {"wrong": []}, "me")


def test_each_session_gets_its_own_result(run_live):
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda shade: run_live(f"session {shade}", shade=shade, pause=0.01), range(1, 5))
        assert [image_io.read(result.data).mean() for result in results] == [1, 2, 3, 4]


def test_newest_request_of_a_session_supersedes_waiting_ones(until):
    turns = Turns(lambda: 1, BUSY)

    def ask(name):
        with turns.take("me", "local"):
            return name

    with ThreadPoolExecutor(2) as pool:
        with turns.take("me", "local"):
            older = pool.submit(ask, "older")
            until(lambda: "me" in turns._waiting)
            newer = pool.submit(ask, "newer")
            with pytest.raises(Superseded):
                older.result(30)
            assert not newer.done()
        assert newer.result(30) == "newer"


def test_owners_take_turns(until):
    turns, order = Turns(lambda: 1, BUSY), []

    def ask(session, owner):
        with turns.take(session, owner):
            order.append(owner)

    with ThreadPoolExecutor(8) as pool:
        with turns.take("a first", "ada"):
            for n in range(5):
                pool.submit(ask, f"a {n}", "ada")
            until(lambda: len(turns._waiting) == 5)
            pool.submit(ask, "b", "bob")
            until(lambda: len(turns._waiting) == 6)
        until(lambda: len(order) == 6)
    assert order[0] == "bob"
    assert not turns._owners and not turns._last_turns


def test_only_short_interactive_tasks_run_live(engine, chores):
    with pytest.raises(InvalidInput, match=r"Drive is not made at once.*as a job"):
        engine.run_live("chores.drive", chores.ChoreSettings(), {}, "me")
    with pytest.raises(InvalidInput, match=r"takes about .*as a job"):
        engine.run_live("chores.do", chores.ChoreSettings(takes=500), {}, "me")


def test_no_training_is_interactive():
    interactive = {
        name for name in tasks.TASKS if name.split(".")[0] != "chores" and tasks.get(name).interactive
    }
    assert {"style.transfer", "text.write", "faces.draw"} <= interactive
    makes_models = {name for name in tasks.TASKS if tasks.get(name).produces == "model"}
    assert makes_models and not makes_models & interactive


def test_turns_admit_one_request_per_session():
    turns = Turns(lambda: 2, BUSY)
    inside, most, sessions = [], [], []
    lock = threading.Lock()

    def visit(session):
        try:
            with turns.take(session, "local"):
                with lock:
                    inside.append(session)
                    most.append(len(inside))
                    assert len(set(inside)) == len(inside)
                time.sleep(0.01)
                with lock:
                    inside.remove(session)
                    sessions.append(session)
        except Superseded:
            pass

    with ThreadPoolExecutor(30) as pool:
        for done in [pool.submit(visit, f"session {n % 7}") for n in range(60)]:
            done.result(30)
    assert max(most) == 2
    assert set(sessions) == {f"session {n}" for n in range(7)}


def test_waiting_times_out_with_a_next_step(monkeypatch):
    monkeypatch.setattr(turns_module, "WAIT_SECONDS", 0.05)
    room = [0]
    turns = Turns(lambda: room[0], BUSY)
    with pytest.raises(Unavailable, match=SECOND_SENTENCE), turns.take("me", "local"):
        pass
    room[0] = 1
    with turns.take("you", "local"):
        assert not turns._waiting, "who gave up must not stand in the way"


def test_later_slots_are_noticed(monkeypatch):
    monkeypatch.setattr(turns_module, "POLL_SECONDS", 0.02)
    slots = iter([0, 0, 0, 1])
    with Turns(lambda: next(slots), BUSY).take("me", "local"):
        assert list(slots) == []


def test_close_rejects_waiting_and_later_requests(until):
    turns = Turns(lambda: 0, BUSY)

    def ask(session):
        with turns.take(session, "local"):
            pass

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, "me")
        until(lambda: turns._waiting)
        turns.close()
        with pytest.raises(Unavailable, match="ended"):
            waiting.result(30)
    with pytest.raises(Unavailable, match="ended"):
        ask("you")


@pytest.mark.slow
def test_failed_engine_rejects_waiting_requests(home, start_engine, chores, until):
    engine = start_engine()
    with ThreadPoolExecutor(2) as pool:
        try:
            until(lambda: engine.status() == "ready")
            turns = engine._live._turns
            with turns.take("first", "local"):
                waiting = pool.submit(engine.run_live, "chores.do", chores.ChoreSettings(), {}, "me")
                until(lambda: "me" in turns._waiting)
                engine.close()
                with pytest.raises(Unavailable, match="ended"):
                    waiting.result(30)
        finally:
            engine.close()
