"""Job routes: submit, watch, cancel, live results and batches."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from PIL import Image

from studio.api import jobs
from studio.core.errors import LimitReached
from studio.engine import admission, quotas
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import Request
from tests.wording import says_what_to_do

CHORE = {"task": "chores.do", "settings": {"steps": 3}}


@pytest.mark.slow
def test_job_result_can_be_downloaded(call):
    response = call("POST", "/jobs", json=CHORE)
    assert response.status_code == 202
    job = call.wait_for_end(response.json()["id"])
    assert (job["state"], job["result"]["figures"], job["step"]) == ("done", {"steps": 3.0}, 3)
    [file] = job["result"]["files"]
    full = call("GET", f"/{file['href']}")
    assert full.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(full.content)).size == (48, 32)
    part = call("GET", f"/{file['href']}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, full.content[10:20])
    assert call("HEAD", f"/{file['href']}").headers["content-length"] == str(len(full.content))
    assert job["id"] in [
        entry["id"] for entry in call("GET", "/gallery?words=chore&limit=200").json()["items"]
    ]
    small = call("GET", f"/gallery/{job['id']}/thumbnail")
    assert small.content[8:12] == b"WEBP"


@pytest.mark.slow
def test_idempotency_key_prevents_a_second_job(call):
    key = {"Idempotency-Key": "the first"}
    first, again = (call("POST", "/jobs", json=CHORE, headers=key).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert call("POST", "/jobs", json=CHORE).json()["id"] != first["id"]
    other = call("POST", "/jobs", json={**CHORE, "settings": {"steps": 4}}, headers=key)
    assert other.status_code == 422 and "idempotency key" in other.json()["detail"]


def test_idempotency_key_survives_a_restart(home, chores):
    before, after = Ledger(home / "jobs"), Ledger(home / "jobs")
    before.load()
    request, hers = (
        Request.of(chores.DO, chores.ChoreSettings(), {}, owner, key="mine")
        for owner in ("local", "visitor-ada")
    )
    job = before.add(request)
    after.load()
    assert after.find_by_key(request).id == job.id
    assert after.find_by_key(hers) is None


@pytest.mark.slow
def test_events_stream_until_the_job_ends(call):
    job = call("POST", "/jobs", json={"task": "chores.do", "settings": {"steps": 8, "pause": 0.15}}).json()
    events = [part.split("\n", 1) for part in _read_events(call, job["id"])]
    events_of_job = [json.loads(data.removeprefix("data: ")) for name, data in events if name == "event: job"]
    assert events_of_job[-1]["finished"] and events_of_job[-1]["state"] == "done"
    assert any(0 < report["step"] < 8 for report in events_of_job)
    [image, *_] = [json.loads(d.removeprefix("data: ")) for name, d in events if name == "event: preview"]
    assert base64.b64decode(image)[8:12] == b"WEBP"
    assert call("GET", f"/jobs/{job['id']}/preview").content[8:12] == b"WEBP"


def _read_events(call, id: str) -> list[str]:
    text = call("GET", f"/jobs/{id}/events").text
    return [part for part in text.split("\n\n") if part.startswith("event: ")]


@pytest.mark.parametrize("how, state", [("stop", "stopped"), ("cancel", "cancelled")])
def test_stop_keeps_a_result_and_cancel_does_not(call, until, how, state):
    job = call("POST", "/jobs", json={"task": "chores.do", "settings": {"steps": 9999, "pause": 0.05}}).json()
    until(lambda: call("GET", f"/jobs/{job['id']}").json()["step"])
    assert call("POST", f"/jobs/{job['id']}/{how}").status_code == 202
    ended = call.wait_for_end(job["id"])
    assert ended["state"] == state and bool(ended["result"]) == bool(ended["stop_note"]) == (how == "stop")


def test_waiting_requests_of_an_owner_are_limited(visitors, call, monkeypatch, until):
    monkeypatch.setattr(jobs, "MAX_WATCHES", 3)
    ada = visitors[0]
    ids = [
        who("POST", "/jobs", json={"task": "chores.do", "settings": {"steps": 9999, "pause": 0.05}}).json()[
            "id"
        ]
        for who in (ada, call)
    ]
    with ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        streams = [stack.enter_context(ada("GET", f"/jobs/{ids[0]}/events", stream=True)) for _ in range(2)]
        waiting = thread.submit(ada, "GET", f"/jobs/{ids[0]}", params={"wait": 60})
        until(lambda: sum(jobs._watch_counts.values()) == 3)
        for path in (f"/jobs/{ids[0]}/events", f"/jobs/{ids[0]}?wait=1"):
            refusal = ada("GET", path, stream=True)
            assert refusal.status_code == 429 and "3 of your requests" in refusal.json()["detail"]
        assert ada("GET", f"/jobs/{ids[0]}").ok and call("GET", f"/jobs/{ids[1]}?wait=0.1").ok
        streams[0].close()
        until(lambda: sum(jobs._watch_counts.values()) == 2)
        assert ada("GET", f"/jobs/{ids[0]}?wait=0.1").ok
        for who, id in zip((ada, call), ids, strict=True):
            who("POST", f"/jobs/{id}/cancel")
        assert waiting.result().json()["finished"]
    until(lambda: not jobs._watch_counts)


def test_live_request_returns_the_file(call):
    response = call("POST", "/live", json={"task": "chores.write", "settings": {"steps": 4}})
    assert (response.text, response.headers["content-type"]) == ("bcde", "text/plain; charset=utf-8")
    refusal = call("POST", "/live", json={"task": "chores.do", "settings": {"do": "refuse"}})
    assert refusal.status_code == 422 and "not to my taste" in refusal.json()["detail"]


@pytest.mark.parametrize(
    "body, status, message",
    [
        ({"task": "chores.don"}, 422, "chores.do"),
        ({"task": "chores.do", "settings": {"steps": 0}}, 422, "1 to 100000"),
        ({"task": "chores.do", "settings": {"step": 1}}, 422, "steps"),
        ({"task": "chores.do", "inputs": {"photo": []}}, 422, "image"),
        ({"task": "chores.do", "inputs": {"image": ["a" * 64]}}, 404, "no longer in the studio"),
        ({"task": "chores.do", "inputs": {"image": ["/etc/passwd"]}}, 422, "id of an upload"),
        ({"task": "vae.train", "inputs": {"data": ["tfds:mnist"]}}, 422, "id of an upload"),
        ({"task": "tune.run", "settings": {"storage": "sqlite:///x"}}, 422, "storage"),
        ({"task": "chores.do", "settings": {"do": "\ud800"}}, 422, "invalid text"),
        ({"task": "chores.do", "more": 1}, 422, "more"),
        ([], 422, "body"),
    ],
)
def test_invalid_request_returns_a_sentence(call, body, status, message):
    for route in ("/jobs", "/live"):
        answer = call("POST", route, data=json.dumps(body), headers={"Content-Type": "application/json"})
        assert (answer.status_code, message in answer.json()["detail"]) == (status, True), answer.json()


def test_lists_tasks_and_health(call):
    tasks_by_name = {task["name"]: task for task in call("GET", "/tasks").json()}
    schema = tasks_by_name["style.transfer"]["settings"]["properties"]
    assert schema["strength"]["maximum"] == 1
    assert call("GET", "/tasks/dream.ascend").json()["produces"] == "image"
    assert call("GET", "/tasks/nothing.here").status_code == 404
    assert "digits-vae" in [model["name"] for model in call("GET", "/models").json()]
    assert call("GET", "/health").json()["status"] == "ready"


def test_own_jobs_can_be_moved_and_paused(call, until):
    running, first, second = (
        call("POST", "/jobs", json={"task": "chores.do", "settings": settings}).json()["id"]
        for settings in ({"steps": 100_000, "pause": 0.02}, {}, {"shade": 3})
    )
    until(lambda: call("GET", f"/jobs/{running}").json()["state"] == "running")
    assert call("POST", f"/jobs/{second}/move", json={"to": "up"}).json()["place"] == 1
    assert call("POST", f"/jobs/{first}/move", json={"to": second}).json()["place"] == 1
    paused = call("POST", f"/jobs/{first}/pause").json()
    assert paused["paused"] and paused["place"] == 0
    assert call("POST", f"/jobs/{first}/move", json={}).status_code == 422
    call("POST", f"/jobs/{running}/cancel")
    assert call.wait_for_end(second)["state"] == "done"
    call("POST", f"/jobs/{first}/resume")
    assert call.wait_for_end(first)["state"] == "done"
    assert call("POST", f"/jobs/{running}/pause").status_code == 422
    assert call("POST", "/jobs/none/pause").status_code == 404


def test_batch_can_be_watched_and_stopped(call, until):
    body = {"task": "chores.do", "settings": {"steps": 100_000, "pause": 0.02}, "batch": "seeds-1"}
    ids = [call("POST", "/jobs", json=body).json()["id"] for _ in range(3)]
    until(lambda: call("GET", f"/jobs/{ids[0]}").json()["step"])
    assert call("GET", "/batches/seeds-1").json() == {"id": "seeds-1", "jobs": ids, "ended": 0, "failed": 0}
    assert call("POST", "/batches/seeds-1/stop").status_code == 202
    until(lambda: call("GET", "/batches/seeds-1").json()["ended"] == 3)
    assert call("GET", "/batches/seeds-1").json()["failed"] == 2, "the first one kept its best"
    assert call("GET", "/batches/none").status_code == 404
    assert call("POST", "/jobs", json={**body, "batch": "../up"}).status_code == 422


@pytest.mark.slow
def test_one_request_submits_a_batch_of_images(call, until, monkeypatch):
    body = {
        "task": "style.transfer",
        "settings": {"size": 64, "house": ["mosaic"]},
        "inputs": {"content": ["sample:chelsea", "sample:coffee", "sample:rocket"]},
    }
    key = {"Idempotency-Key": "folder-1"}
    response = call("POST", "/batches", json=body, headers=key)
    assert response.status_code == 202 and len(response.json()["jobs"]) == 3
    with monkeypatch.context() as patch:
        patch.setattr(quotas, "check_jobs", _raise_too_many)  # a repeated request adds no jobs
        assert call("POST", "/batches", json=body, headers=key).json()["jobs"] == response.json()["jobs"]
    until(lambda: call("GET", f"/batches/{response.json()['id']}").json()["ended"] == 3)
    jobs = [call("GET", f"/jobs/{id}").json() for id in response.json()["jobs"]]
    assert [job["state"] for job in jobs] == ["done"] * 3
    named = [job["inputs"]["content"][0]["name"].partition(".")[0] for job in jobs]
    assert named == ["chelsea", "coffee", "rocket"]
    assert len({job["result"]["files"][0]["id"] for job in jobs}) == 3

    before = [job["id"] for job in call("GET", "/jobs").json()]
    for bad in (
        {**body, "task": "text.write"},
        {**body, "inputs": {}},
        {**body, "inputs": {"content": ["sample:chelsea"] * 501}},
        {**body, "inputs": {"content": ["sample:chelsea", "sample:nothing"]}},
        {**body, "batch": "../up"},
    ):
        refusal = call("POST", "/batches", json=bad)
        assert refusal.status_code == 422 and says_what_to_do(refusal.json()["detail"])
    assert [job["id"] for job in call("GET", "/jobs").json()] == before


def test_batch_over_quota_is_rejected_before_its_images_are_read(visitors, monkeypatch):
    monkeypatch.setattr(jobs, "resolve", None)
    monkeypatch.setattr(quotas, "check_jobs", _raise_too_many)
    body = {"task": "style.transfer", "settings": {"house": ["mosaic"]}}
    content = {"content": ["sample:chelsea"] * 3}
    response = visitors[0]("POST", "/batches", json={**body, "inputs": content})
    assert response.status_code == 429


def _raise_too_many(*args):
    raise LimitReached("You have too many jobs.")


def test_each_input_of_a_batch_is_read_once(call, monkeypatch):
    monkeypatch.setattr(admission, "check", _raise_too_many)
    resolved, resolve = [], jobs.resolve
    monkeypatch.setattr(
        jobs,
        "resolve",
        lambda task, settings, inputs, machine: (
            resolved.append(inputs) or resolve(task, settings, inputs, machine)
        ),
    )
    inputs = {"content": ["sample:chelsea", "sample:coffee"] * 3, "style": ["sample:mosaic"]}
    body = {"task": "style.transfer", "settings": {"size": 64}, "inputs": inputs}
    assert call("POST", "/batches", json=body).status_code == 429
    assert sum("style" in inputs for inputs in resolved) == 1
    assert sum("content" in inputs for inputs in resolved) == 2


def test_long_figures_are_omitted_by_default(call):
    job = call("POST", "/jobs", json={"task": "text.write", "settings": {"chars": 200}}).json()
    figures = call.wait_for_end(job["id"])["result"]["figures"]
    assert "nats" not in figures and figures["chars"] == 200
    full = call("GET", f"/jobs/{job['id']}", params={"all_figures": True}).json()
    assert len(full["result"]["figures"]["nats"]) == 200
