"""The server is killed at a bad moment and started again."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import psutil
import pytest

from studio.core import paths, tasks
from studio.core.errors import StudioError
from studio.core.progress import Report
from studio.engine import serving
from studio.engine.cluster import reports
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import Outcome, Request, Status
from studio.gallery.sweep_settings import SweepSettings

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def server(home, chores):
    """A server in a separate process with one running and one queued job; yields it and its state."""
    script = Path(__file__).with_name("server.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        state = json.loads(process.stdout.readline())
        yield process, state
        process.kill()


@pytest.fixture
def fast_restart(monkeypatch):
    """Makes a failed engine restart without a delay."""
    monkeypatch.setattr(serving, "RESTART_SECONDS", 0.1)


def _has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.slow
def test_killed_server_leaves_no_process_and_loses_no_job(server, start_engine, until):
    process, state = server
    assert state["heavy"] == []
    assert len(state["family"]) >= 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: all(map(_has_ended, state["family"])), 10)

    restarted = start_engine()
    try:
        ran, waited = state["jobs"]
        job = restarted.find_job(ran)
        assert (job.state, job.result) == ("interrupted", None)
        assert "stopped while it ran" in job.error
        assert job.preview and job.history
        until(lambda: restarted.find_job(waited).finished)
        assert restarted.find_job(waited).state == "done"
    finally:
        restarted.close()


@pytest.mark.slow
def test_second_server_waits_and_takes_over(home, start_engine, chores, until, fast_restart):
    first, second = start_engine(), start_engine()
    until(lambda: first.status() == "ready" or second.status() == "ready")
    first, second = (first, second) if first.status() == "ready" else (second, first)
    try:
        status = second.status()
        assert status.startswith("down: Another studio is already running")
        assert "\n" not in status
        with pytest.raises(StudioError, match="Another studio"):
            second.submit("chores.do", chores.ChoreSettings(), {})
        assert second.list_jobs() == []
        job = first.submit("chores.do", chores.ChoreSettings(), {})
        until(lambda: first.find_job(job.id).finished)
        first.close()
        until(lambda: second.status() == "ready")
        assert second.find_job(job.id).state == "done"
    finally:
        first.close()
        second.close()


@pytest.mark.slow
def test_queued_jobs_survive_a_killed_cluster(home, start_engine, chores, until, fast_restart):
    base = chores.ChoreSettings(steps=10_000, pause=0.05).model_dump(mode="json")
    plan = SweepSettings(task="chores.do", base=base, vary=("shade=1|2",))
    engine = start_engine()
    try:
        until(lambda: engine.status() == "ready")
        varied = engine.submit("chores.sweep", plan, {})
        until(lambda: engine.find_job(varied.id).report)
        until(chores.get_mark().exists)
        waiting = engine.submit("chores.do", chores.ChoreSettings(), {})
        # It is behind the cell on the worker, and the next one is in the queue of the engine only.
        until(lambda: waiting.id in str(engine._cluster._client.processing()))
        assert engine.find_job(waiting.id).state == "queued"
        queued = engine.submit("chores.do", chores.ChoreSettings(), {})
        (host,) = (p for p in psutil.Process().children() if _read_home(p) == str(home))
        host.kill()
        until(lambda: engine.find_job(waiting.id).finished)
        assert engine.find_job(waiting.id).state == "done", engine.find_job(waiting.id).error
        assert engine.find_job(varied.id).state == "interrupted"
        until(lambda: engine.find_job(queued.id).state == "done")
    finally:
        engine.close()
    assert engine.status().startswith("down")


def _read_home(process: psutil.Process) -> str:
    try:
        return process.environ().get("STUDIO_HOME", "")
    except psutil.Error:
        return ""


@pytest.fixture
def running_record(home, chores):
    """A running job as a killed server leaves it, on disk only."""
    ledger = Ledger(home / "jobs")
    ledger.load()
    task = tasks.get("chores.do")
    record = ledger.add(Request.of(task, chores.ChoreSettings(), {}, "local"))
    record.state = "running"
    ledger.write_state(record)
    return record


def _load_job(home: Path, id: str):
    ledger = Ledger(home / "jobs")
    ledger.load()
    return ledger.take_snapshot(ledger.find(id, "local"))


def _change_file(job, name: str, **change) -> None:
    """Changes a file of a job, as another studio or a damaged disk could; None removes a field."""
    file = job.folder.path / f"{name}.json"
    values = {**json.loads(file.read_bytes()), **change}
    file.write_text(json.dumps({key: value for key, value in values.items() if value is not None}))


def test_job_finished_before_the_crash_is_done(home, running_record):
    result = tasks.Result((tasks.File.store(b"text", "text", "a.txt"),), {"loss": 0.5})
    running_record.folder.write(Outcome, Outcome.model_construct(result=result))
    job = _load_job(home, running_record.id)
    assert (job.state, job.result) == ("done", result)


def test_end_time_is_that_of_the_outcome(home, running_record):
    running_record.folder.write(Outcome, Outcome.model_construct(result=tasks.Result(())))
    os.utime(running_record.folder.path / "outcome.json", (1000, 1000))
    assert _load_job(home, running_record.id).ended == 1000


def test_report_survives_serialization():
    report = Report(5010, 8000, seconds=1.0, first_step=5000, seconds_left=299.0)
    plain = reports.to_plain(report)
    assert Status.model_validate_json(Status(state="done", report=plain).model_dump_json()).report == report


@pytest.mark.slow
def test_finished_jobs_stay_on_disk_only(home, chores):
    ledger = Ledger(home / "jobs")
    curve = [
        {"step": step, "seconds": 0.5, **{f"loss {n}": step / n for n in range(1, 8)}} for step in range(400)
    ]
    result = tasks.Result((tasks.File.store(b"text", "text", "a.txt"),), {"loss": 0.5})
    for _ in range(40):
        record = ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
        (record.folder.path / "reports.jsonl").write_text(
            "".join(f"{json.dumps(point)}\n" for point in curve)
        )
        record.folder.write_preview(b"RIFF" + (49_992).to_bytes(4, "little") + b"WEBP" + os.urandom(49_988))
        record.folder.write(Outcome, Outcome.model_construct(result=result))
        ledger.settle(record)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(2):
            for record in ledger.list_newest("local", 100):
                job = ledger.take_snapshot(record)
                assert (len(job.history), len(job.preview), job.result) == (400, 50_000, result)
        del job
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 2**20
    finally:
        tracemalloc.stop()


def test_requeued_job_is_first_in_the_queue(home, chores):
    ledger = Ledger(home / "jobs")
    ledger.load()
    first, second = (
        ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local")) for _ in range(2)
    )
    ledger.queue.leave(first)
    first.state = "running"
    ledger.requeue(first)
    assert list(ledger.queue) == [first, second]
    assert [ledger.queue.find_turn(record).place for record in (first, second)] == [1, 2]
    assert _load_job(home, first.id).state == "queued"


@pytest.mark.slow
@pytest.mark.parametrize("there", [False, True])
def test_start_replaces_a_link_at_the_scratch_folder_and_removes_temporary_files(
    home, start_engine, until, tmp_path, there
):
    elsewhere = tmp_path / "elsewhere"
    if there:
        elsewhere.mkdir()
        (elsewhere / "mine.txt").write_text("mine")
    (paths.ensure_folder("cache") / "workers").symlink_to(elsewhere)
    code = "import os, sys; from pathlib import Path; from studio.core import paths\n"
    code += "with paths.replacing(Path(sys.argv[1])) as half: half.touch(); os._exit(0)"
    subprocess.run([sys.executable, "-c", code, paths.ensure_folder("files") / "photo"], cwd=ROOT, check=True)
    [half] = (home / "files").iterdir()
    engine = start_engine()
    try:
        until(lambda: engine.status() == "ready" and not half.exists())
    finally:
        engine.close()
    assert not (home / "cache" / "workers").is_symlink()
    assert not there or [path.name for path in elsewhere.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_log_size_is_limited(home, start_engine, chores, until, monkeypatch):
    monkeypatch.setattr("studio.engine.cluster.launch.MAX_LOG_BYTES", 2000)
    monkeypatch.setattr(serving, "CHECK_SECONDS", 0.1)
    log = home / "logs" / "engine.log"
    engine = start_engine()
    try:
        for _ in range(6):  # each leaves about 1000 bytes
            job = engine.submit("chores.do", chores.ChoreSettings(do="fault"), {})
            until(lambda job=job: engine.find_job(job.id).state == "failed")
            until(lambda: log.stat().st_size <= 2000)
        assert "ZeroDivisionError" in (home / "logs" / "engine.old.log").read_text()
        assert b"\0" not in log.read_bytes()
    finally:
        engine.close()


def test_damaged_jobs_do_not_affect_others(home, running_record):
    (home / "jobs" / "0000damaged000").mkdir()
    (home / "jobs" / "0000damaged000" / "job.json").write_text("{")
    (home / "jobs" / "stray").write_text("")
    (running_record.folder.path / "reports.jsonl").write_text('{"step": 1, "seconds": 0}\n{"step": 2, "sec')
    job = _load_job(home, running_record.id)
    assert job.state == "interrupted"
    assert job.history == [{"step": 1, "seconds": 0}]


def test_jobs_of_removed_tasks_are_listed(home, running_record, monkeypatch):
    monkeypatch.delitem(tasks.TASKS, "chores.do")
    assert _load_job(home, running_record.id).title == "Chore"


def test_unknown_fields_of_a_state_are_ignored(home, running_record):
    _change_file(running_record, "state", mood="good", report={"step": 1, "total": 2, "mood": "good"})
    job = _load_job(home, running_record.id)
    assert (job.state, job.report.step) == ("interrupted", 1)


@pytest.mark.parametrize(
    "name, change",
    [
        ("job", {"owner": None}),
        ("job", {"inputs": {"image": [{"no": "digest"}]}}),
        ("state", {"state": "dancing"}),
        ("state", {"report": {"step": 1}}),
    ],
)
def test_invalid_job_does_not_affect_others(home, running_record, chores, name, change):
    ledger = Ledger(home / "jobs")
    bad = ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    _change_file(bad, name, **change)
    before = {path: path.read_bytes() for path in bad.folder.path.iterdir()}
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert [record.id for record in ledger.list_newest("local", 20)] == [running_record.id]
    assert not ledger.queue
    assert {path: path.read_bytes() for path in bad.folder.path.iterdir()} == before


@pytest.mark.parametrize("report", [[1, 2], "text", {"step": 1}])
def test_invalid_job_that_appears_later_is_skipped(home, running_record, chores, report):
    ledger, others = Ledger(home / "jobs"), Ledger(home / "jobs")
    ledger.load()
    odd = others.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    _change_file(odd, "state", state="done", report=report)
    odd.folder.write(Outcome, Outcome.model_construct(result=tasks.Result(())))
    ledger.sync_folders()
    records = ledger.list_newest("local", 20)
    assert [(record.id, record.report) for record in records] == [(odd.id, None), (running_record.id, None)]


def test_incomplete_job_does_not_run(home, chores):
    ledger = Ledger(home / "jobs")
    record = ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    (record.folder.path / "state.json").unlink()
    restarted = Ledger(home / "jobs")
    restarted.load()
    assert not restarted.queue and restarted.list_newest("local", 20) == []
