"""Jobs on a real cluster: inputs, progress and results."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from studio.core import paths, recipes, tasks
from studio.core.errors import InsufficientSpace, InvalidInput, Unavailable
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.process import limits
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import Outcome, Request
from studio.gallery import items
from studio.gallery.sweep_settings import SweepSettings
from studio.style.settings import TransferSettings
from studio.tune.settings import TuneSettings


@pytest.mark.slow
def test_job_returns_the_result_of_its_task(engine, queue_chore, wait_for_job):
    job = wait_for_job(queue_chore(steps=3, shade=77))
    assert (job.state, job.error, job.place) == ("done", "", 0)
    data = job.result.files[0].read()
    assert image_io.read(data).mean() == 77
    assert recipes.read(data) == job.result.recipe
    assert job.result.recipe.settings["shade"] == job.settings["shade"] == 77
    assert job.result.figures == {"steps": 3.0}
    assert not job.result.stopped_early
    assert job.created <= job.started <= job.ended
    assert (job.report.step, job.report.total) == (3, 3)
    assert image_io.read(job.preview).shape == (32, 48, 3)
    assert [point["count"] for point in job.history] == [1, 2, 3]


@pytest.mark.slow
def test_inputs_reach_the_worker(engine, chores, wait_for_job, image):
    file = tasks.File.store(image_io.encode_png(image), "image", "mine.png")
    job = wait_for_job(engine.submit("chores.do", chores.ChoreSettings(), {"image": [file]}))
    assert job.state == "done"
    assert job.inputs == {"image": [file]}


def test_submit_rejects_a_task_beyond_the_memory(engine, image, monkeypatch):
    monkeypatch.setattr(limits, "read_memory_limit", lambda: 2**30)
    before = engine.list_jobs()
    file = tasks.File.store(image_io.encode_png(image), "image", "mine.png")
    settings = TransferSettings(mode="fine", size=2048)
    with pytest.raises(InsufficientSpace, match="needs about"):
        engine.submit("style.transfer", settings, {"content": [file], "style": [file]})
    assert engine.list_jobs() == before


def test_submit_rejects_a_trial_beyond_the_memory(engine, image, monkeypatch):
    monkeypatch.setattr(limits, "read_memory_limit", lambda: 2 * 2**30)
    before = engine.list_jobs()
    file = tasks.File.store(image_io.encode_png(image), "image", "mine.png")
    swept = SweepSettings(task="style.transfer", vary=("size=256,512", "mode=instant,fine"))
    with pytest.raises(InsufficientSpace, match="size 512 px and mode fine"):
        engine.submit("gallery.sweep", swept, {"content": [file], "style": [file]})
    text = tasks.File.store(b"so it is", "text", "so.txt")
    with pytest.raises(InsufficientSpace, match="Choose units"):
        engine.submit("tune.run", TuneSettings(train="text", vary=("units=64:2048",)), {"text": [text]})
    assert engine.list_jobs() == before


def test_replay_uses_the_weights_of_the_recipe(engine, chores, wait_for_job):
    pinned = {"alice": presets.find("alice").digest}
    job = wait_for_job(engine.submit("chores.do", chores.ChoreSettings(), {}, weights=pinned))
    assert job.result.recipe.weights == pinned
    assert not wait_for_job(engine.submit("chores.do", chores.ChoreSettings(), {})).result.recipe.weights


def test_submit_rejects_changed_weights(engine, chores):
    before = engine.list_jobs()
    for name, why in (("alice", "another model alice"), ("nobody", "model nobody .* is no longer here")):
        with pytest.raises(Unavailable, match=why):
            engine.submit("chores.do", chores.ChoreSettings(), {}, weights={name: "0" * 64})
    assert engine.list_jobs() == before


def test_submit_rejects_invalid_inputs(engine, chores):
    before = engine.list_jobs()
    text = tasks.File("0" * 64, "text", "no.txt")
    with pytest.raises(InvalidInput, match="image"):
        engine.submit("chores.do", chores.ChoreSettings(), {"image": [text]})
    with pytest.raises(InvalidInput, match="task"):
        engine.submit("chores.none", chores.ChoreSettings(), {})
    with pytest.raises(InvalidInput, match="TransferSettings"):
        engine.submit("style.transfer", chores.ChoreSettings(), {})
    assert engine.list_jobs() == before


def test_running_job_has_step_preview_and_history(engine, queue_chore, until, wait_for_job):
    id = queue_chore(steps=400, pause=0.02).id
    early = until(lambda: (job := engine.find_job(id)).report and job.preview and job.history and job)
    assert early.state == "running"
    assert early.preview[8:12] == b"WEBP"
    until(lambda: engine.find_job(id).report.step > early.report.step)
    later = engine.find_job(id)
    assert later.report.metrics["count"] == later.report.step
    assert len(later.history) > len(early.history)
    assert later.history[0]["step"] == 1 and {"step", "seconds", "count"} == set(later.history[-1])
    engine.cancel(id)
    wait_for_job(later)


def test_long_history_is_thinned_but_keeps_both_ends(engine, queue_chore, wait_for_job):
    history = wait_for_job(queue_chore(steps=3000)).history
    assert 300 <= len(history) <= 402
    assert (history[0]["step"], history[-1]["step"]) == (1, 3000)


def _read_steps(job) -> list[int]:
    return [
        json.loads(line)["step"] for line in (paths.ensure_folder("jobs") / job.id / "reports.jsonl").open()
    ]


def test_history_keeps_the_first_point_of_each_phase(queue_chore, wait_for_job):
    steps = _read_steps(wait_for_job(queue_chore(do="twice", steps=1000)))
    half = len(steps) // 2
    assert steps[:half] == steps[half:]
    assert steps[0] == 1 and steps[half - 1] == 1000 and 300 <= half <= 402


@pytest.mark.slow
def test_history_of_unknown_length_is_thinned(queue_chore, wait_for_job):
    steps = _read_steps(wait_for_job(queue_chore(do="unknown", steps=5000)))
    assert steps[:400] == [*range(1, 401)]
    assert len(steps) <= 400 * 4 and steps[-1] >= 4900


@pytest.mark.slow
def test_jobs_run_in_order(engine, queue_chore, until, wait_for_job):
    jobs = [queue_chore(steps=10, pause=0.1) for _ in range(3)]
    until(lambda: engine.find_job(jobs[0].id).state == "running")
    assert [engine.find_job(job.id).place for job in jobs] == [0, 1, 2]
    done = [wait_for_job(job) for job in jobs]
    assert all(before.ended <= after.started for before, after in pairwise(done))


def test_job_survives_failed_history_and_preview(engine, queue_chore, wait_for_job):
    busy, job = queue_chore(steps=20, pause=0.05), queue_chore(shade=9)
    for name in ("reports.jsonl", "preview.webp"):
        (paths.ensure_folder("jobs") / job.id / name).mkdir()  # so that neither file can be written
    wait_for_job(busy)
    job = wait_for_job(job)
    assert (job.state, job.error, job.history, job.preview) == ("done", "", [], None)
    assert image_io.read(job.result.files[0].read()).mean() == 9


def test_stop_keeps_the_best_so_far(engine, queue_chore, until, wait_for_job):
    job = queue_chore(steps=10_000, pause=0.05)
    until(lambda: engine.find_job(job.id).report)
    engine.stop(job.id)
    assert engine.find_job(job.id).state in ("stopping", "stopped")
    job = wait_for_job(job)
    assert job.state == "stopped" and job.result.stopped_early
    assert job.stop_note == f"Stopped at step {job.report.step} of 10,000: kept the best result so far."
    assert image_io.read(job.result.files[0].read()).shape == (32, 48, 3)
    assert wait_for_job(queue_chore()).stop_note == ""


@pytest.mark.slow
@pytest.mark.parametrize("stopped_before", [False, True])
def test_cancel_keeps_nothing(engine, queue_chore, until, wait_for_job, stopped_before):
    job = queue_chore(do="slow end", steps=10_000, pause=0.05)
    until(lambda: engine.find_job(job.id).preview)
    if stopped_before:
        engine.stop(job.id)
    engine.cancel(job.id)
    job = wait_for_job(job)
    assert (job.state, job.result, job.stop_note) == ("cancelled", None, "")
    assert (job.preview, job.history) == (None, []) and "nothing was kept" in job.error
    assert {path.name for path in (paths.ensure_folder("jobs") / job.id).iterdir()} == {
        "job.json",
        "state.json",
    }
    assert wait_for_job(queue_chore()).state == "done"


def test_cancelled_job_that_finished_first_keeps_nothing(chores, tmp_path):
    ledger = Ledger(tmp_path / "jobs")
    record = ledger.add(Request.of(tasks.get("chores.do"), chores.ChoreSettings(), {}, "local"))
    ledger.begin(record)
    record.state = "canceling"
    ledger.record_state(record)
    record.folder.write(Outcome, Outcome.model_construct(result=tasks.Result(())))
    reloaded = Ledger(tmp_path / "jobs")  # the server died before it could settle the job
    reloaded.load()
    assert reloaded.take_snapshot(reloaded.get(record.id)).state == "cancelled"
    assert not items.read(record.folder.path)


@pytest.mark.slow
def test_job_stopped_at_its_beginning_ends(engine, queue_chore, wait_for_job):
    jobs = []
    for pause in range(30):
        wait_for_job(queue_chore())
        jobs.append(queue_chore(steps=1000, pause=0.01))
        time.sleep(pause / 1000)
        engine.stop(jobs[-1].id)
    wait_for_job(queue_chore())
    for job in map(wait_for_job, jobs):
        is_stored = (paths.ensure_folder("jobs") / job.id / "outcome.json").exists()
        assert is_stored == (job.started is not None) and ("before it began" in job.error) != is_stored


@pytest.mark.slow
def test_queued_job_is_cancelled_at_once(engine, queue_chore, until, wait_for_job):
    running, waiting, last = queue_chore(steps=40, pause=0.05), queue_chore(), queue_chore()
    until(lambda: engine.find_job(running.id).state == "running")
    engine.cancel(waiting.id)
    cancelled = engine.find_job(waiting.id)
    assert (cancelled.state, cancelled.result, cancelled.started) == ("cancelled", None, None)
    assert engine.find_job(last.id).place == 1
    assert wait_for_job(running).state == wait_for_job(last).state == "done"


def test_find_identical_finds_an_unfinished_job(engine, chores, queue_chore, until, wait_for_job, image):
    def find(owner: str = "local", name: str = "mine.png", shade: int = 3, **more):
        settings = chores.ChoreSettings(steps=10_000, pause=0.02, shade=shade)
        request = (settings, {"image": [tasks.File(file.digest, file.kind, name)]})
        return request, engine.find_identical("chores.do", *request, owner, **more)

    file = tasks.File.store(image_io.encode_png(image), "image", "mine.png")
    request, nothing = find()
    assert nothing is None
    running, waiting = (engine.submit("chores.do", *request).id for _ in range(2))
    until(lambda: engine.find_job(running).state == "running")
    assert find()[1].id == find(name="yours.png")[1].id == running
    assert not find(owner="her")[1] and not find(shade=4)[1]
    assert not find(weights={"alice": "0" * 64})[1]
    engine.cancel(running)
    until(lambda: engine.find_job(running).finished)
    assert find()[1].id == waiting
    engine.cancel(waiting)
    wait_for_job(engine.find_job(waiting))
    assert find()[1] is None


def test_owners_do_not_see_each_other(engine, queue_chore, wait_for_job):
    hers = queue_chore(owner="her")
    assert wait_for_job(hers, "her").owner == "her"
    assert hers.id not in [job.id for job in engine.list_jobs()]
    assert [job.id for job in engine.list_jobs("her")] == [hers.id]
    for call in (engine.find_job, engine.cancel):
        with pytest.raises(Unavailable):
            call(hers.id)
    assert engine.find_job(hers.id, "her").state == "done"


@pytest.mark.slow
def test_concurrent_owners_get_their_own_results(engine, chores, wait_for_job):
    def person(name):
        ids = [engine.submit("chores.do", chores.ChoreSettings(shade=n), {}, name).id for n in range(4)]
        return [wait_for_job(engine.find_job(id, name), name) for id in ids]

    names = [f"person {n}" for n in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        theirs = dict(zip(names, pool.map(person, names), strict=True))
    for name, jobs in theirs.items():
        assert [image_io.read(job.result.files[0].read()).mean() for job in jobs] == [0, 1, 2, 3]
        assert {job.owner for job in jobs} == {name}
        # Only one's own: between owners, a request that is written faster may enter the queue first.
        assert all(before.started <= after.started for before, after in pairwise(jobs))


def test_list_jobs_is_newest_first_with_url_safe_ids(engine, queue_chore, wait_for_job):
    ids = [queue_chore().id for _ in range(4)]
    assert [job.id for job in engine.list_jobs(limit=4)] == ids[::-1]
    assert all(re.fullmatch(r"[0-9a-z]{14}", id) for id in ids)
    wait_for_job(engine.find_job(ids[-1]))
    assert engine.list_jobs(limit=1)[0].id == ids[-1]


def test_list_jobs_includes_all_unfinished_jobs(engine, queue_chore, until, wait_for_job, chores):
    running = queue_chore(steps=10_000, pause=0.05)
    stored = [engine.store_live(_run_live(engine, chores)).id for _ in range(3)]
    assert [job.id for job in engine.list_jobs(limit=2)] == [stored[-1], running.id]
    engine.cancel(running.id)
    wait_for_job(running)
    assert [job.id for job in engine.list_jobs(limit=2)] == stored[:0:-1]


def _run_live(engine, chores):
    return engine.run_live("chores.write", chores.ChoreSettings(), {}, "someone")


@pytest.mark.parametrize("id", ["", "..", "../files", "0" * 14])
def test_unknown_id_is_not_a_path(engine, id):
    with pytest.raises(Unavailable):
        engine.find_job(id)


def test_error_of_a_task_keeps_its_message(engine, queue_chore, wait_for_job):
    job = wait_for_job(queue_chore(do="refuse"))
    assert (job.state, job.result) == ("failed", None)
    assert job.error == "It is not to my taste. Ask for another."
    assert job.preview and job.history


def test_unexpected_error_is_a_sentence_and_logged(engine, queue_chore, wait_for_job, chores):
    job = wait_for_job(queue_chore(do="fault"))
    assert job.state == "failed"
    assert "ZeroDivisionError" in job.error and "Traceback" not in job.error and "\n" not in job.error
    log = re.search(r"\S+engine\.log", job.error)[0]
    with open(log) as lines:  # noqa: PTH123
        assert "raise ZeroDivisionError" in lines.read()


@pytest.mark.slow
def test_drivers_have_their_own_lane(engine, queue_chore, chores, wait_for_job):
    busy = queue_chore(steps=10_000, pause=0.05)
    driver = wait_for_job(engine.submit("chores.drive", chores.ChoreSettings(), {}))
    assert driver.state == "done"
    assert engine.find_job(busy.id).state == "running"
    engine.cancel(busy.id)
    wait_for_job(busy)
