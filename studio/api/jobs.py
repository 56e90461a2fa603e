"""Jobs: submitted with idempotency keys, watched, stopped; and live requests."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic_core import from_json

from studio import engine
from studio.api import request_models, responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import Missing, problem_responses, raising_missing
from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, LimitReached, StudioError, invalid, shorten_name
from studio.core.settings import Settings
from studio.core.tasks import File, Slot, Task
from studio.run import input_files
from studio.run.machine import Machine
from studio.run.request import resolve

POLL_SECONDS = 0.25  # between two checks of a job
MAX_WAIT_SECONDS = 60.0  # s
_MAX_NAME_CHARACTERS = 120  # characters of a name
MAX_LIVE = 8  # simultaneous live requests per owner
MAX_WATCHES = 32  # event streams and waiting requests per owner at once, because each checks its job often
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]

routes = APIRouter(tags=["Jobs"])
# By owner; changed only in the server's event loop.
_live_counts: Counter[str] = Counter()
_watch_counts: Counter[str] = Counter()


@routes.post("/jobs", status_code=202, responses=problem_responses(400, 404, 413, 429, 507))
async def submit(
    owner: Caller, body: request_models.JobRequest, idempotency_key: IdempotencyKey = ""
) -> responses.JobOut:
    """Submits a job to the queue.

    With an `Idempotency-Key`, the request can be repeated, even after the server was killed: it creates only
    one job and returns it.
    """

    def work() -> responses.JobOut:
        task, settings, inputs = resolve_body(body)
        key = responses.to_json_data(idempotency_key)
        job = engine.connect().submit(task.name, settings, inputs, owner, key=key, batch=body.batch)
        return responses.build_job(job)

    return await run_in_thread(owner, work)


@routes.get("/jobs", responses=problem_responses())
async def list_jobs(owner: Caller, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[responses.JobOut]:
    """Lists your jobs, newest first; all unfinished jobs are included."""
    return await run_in_thread(
        owner, lambda: [responses.build_job(job) for job in engine.connect().list_jobs(owner, limit)]
    )


@routes.get("/jobs/{id}", responses=problem_responses(404, 429))
async def show_job(
    owner: Caller,
    id: str,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait for its end.")] = 0,
    all_figures: Annotated[
        bool, Query(description="Include long lists, such as the loss of each character.")
    ] = False,
) -> responses.JobOut:
    """Returns the state of a job. Lists of more than 100 numbers are omitted from its figures by default."""
    with _count_watch(owner) if wait else nullcontext():
        job = await _wait_for_end(owner, id, wait)
    return await run_in_thread(owner, partial(responses.build_job, job, all_figures))


async def _wait_for_end(owner: str, id: str, seconds: float) -> engine.Job:
    """Returns a job when it has ended, or after some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        job = await run_in_thread(owner, partial(_find_job, id, owner))
        if job.finished or time.monotonic() >= deadline:
            return job
        await asyncio.sleep(POLL_SECONDS)


async def require_job(owner: Caller, id: str) -> engine.Job:
    """Returns the job of a path. As a dependency, it responds 404 before a streamed response begins."""
    return await run_in_thread(owner, partial(_find_job, id, owner))


ExistingJob = Annotated[engine.Job, Depends(require_job)]


async def count_stream(owner: Caller, _: ExistingJob) -> AsyncIterator[None]:
    """Counts an event stream until it ends. As a dependency, it responds 429 before the stream begins."""
    with _count_watch(owner):
        yield


@routes.get(
    "/jobs/{id}/events",
    response_class=EventSourceResponse,
    responses=problem_responses(404, 429),
    dependencies=[Depends(count_stream)],
)
async def watch(owner: Caller, job: ExistingJob) -> AsyncIterator[ServerSentEvent]:
    """Streams events of a job until it ends: `job` at each change, `preview` with a WebP in base64."""
    last_sent: responses.JobOut | None = None
    last_preview: bytes | None = None
    state = await run_in_thread(owner, partial(responses.build_job, job))
    while True:
        if job.preview and job.preview != last_preview:
            last_preview = job.preview
            yield ServerSentEvent(event="preview", data=base64.b64encode(last_preview).decode())
        if state != last_sent:
            yield ServerSentEvent(event="job", data=state)
        last_sent = state
        if state.finished:
            return
        await asyncio.sleep(POLL_SECONDS)
        try:
            job, state = await run_in_thread(owner, partial(_find_job_state, job.id, owner))
        except StudioError:  # the engine is down, or the job was removed; the next request reports it
            return


@routes.get(
    "/jobs/{id}/preview",
    response_class=Response,
    responses=problem_responses(404) | {200: {"content": {"image/webp": {}}}},
)
async def preview(job: ExistingJob) -> Response:
    """Returns the latest preview of a job as WebP."""
    if not job.preview:
        raise Missing("It shows no image yet. Ask again in a moment.")
    return Response(job.preview, media_type="image/webp", headers={"Cache-Control": "no-store"})


@routes.post("/jobs/{id}/cancel", status_code=202, responses=problem_responses(404))
async def cancel(owner: Caller, job: ExistingJob) -> responses.JobOut:
    """Cancels a job; its result is discarded."""
    return await _change_job(owner, job, lambda: engine.connect().cancel(job.id, owner))


@routes.post("/jobs/{id}/stop", status_code=202, responses=problem_responses(404))
async def stop(owner: Caller, job: ExistingJob) -> responses.JobOut:
    """Stops a job; its best result so far is kept."""
    return await _change_job(owner, job, lambda: engine.connect().stop(job.id, owner))


@routes.post("/jobs/{id}/move", responses=problem_responses(400, 404))
async def move(owner: Caller, job: ExistingJob, target: request_models.Move) -> responses.JobOut:
    """Moves a waiting job forward among your own jobs; jobs of others keep their places."""
    return await _change_job(owner, job, lambda: engine.connect().move(job.id, target.to, owner))


@routes.post("/jobs/{id}/pause", responses=problem_responses(404))
async def pause(owner: Caller, job: ExistingJob) -> responses.JobOut:
    """Pauses a waiting job until it is resumed, even after a restart of the studio."""
    return await _change_job(owner, job, lambda: engine.connect().pause(job.id, owner))


@routes.post("/jobs/{id}/resume", responses=problem_responses(404))
async def resume(owner: Caller, job: ExistingJob) -> responses.JobOut:
    """Resumes a paused job."""
    return await _change_job(owner, job, lambda: engine.connect().resume(job.id, owner))


async def _change_job(owner: str, job: engine.Job, change: Callable[[], object]) -> responses.JobOut:
    """Changes a job, and returns its new state."""

    def work() -> responses.JobOut:
        change()
        return responses.build_job(_find_job(job.id, owner))

    return await run_in_thread(owner, work)


@routes.post(
    "/live",
    response_class=Response,
    responses=problem_responses(400, 404, 409, 413, 429) | {200: {"content": {"*/*": {}}}},
)
async def live(
    owner: Caller,
    body: request_models.TaskRequest,
    session: Annotated[
        str, Query(max_length=100, description="A newer request of a session replaces an older one.")
    ] = "",
) -> Response:
    """Runs a task of a few seconds at once and returns the resulting file. Nothing is stored."""

    def work() -> engine.Live:
        task, settings, inputs = resolve_body(body)
        session_key = f"api {owner} {session or secrets.token_hex(8)}"
        return engine.connect().run_live(task.name, settings, inputs, session_key, owner)

    refusal = f"{MAX_LIVE} of your requests are being answered. Wait until one of them is."
    with _count_request(_live_counts, owner, MAX_LIVE, refusal):
        result = await run_in_thread(owner, work)
    headers = {"Studio-Seconds": f"{result.seconds:.3f}", "X-Content-Type-Options": "nosniff"}
    return Response(result.data, media_type=responses.choose_media_type(result.name), headers=headers)


@contextmanager
def _count_request(counts: Counter[str], owner: str, most: int, refusal: str) -> Iterator[None]:
    """Counts a request of an owner while it is answered. Raises `LimitReached` above `most` requests."""
    if counts[owner] >= most:
        raise LimitReached(refusal)
    counts[owner] += 1
    try:
        yield
    finally:
        counts[owner] -= 1
        if not counts[owner]:
            del counts[owner]


def _count_watch(owner: str) -> AbstractContextManager[None]:
    """Counts an event stream or a waiting request of an owner."""
    refusal = f"{MAX_WATCHES} of your requests wait for jobs. Close one, or ask for `wait=0`."
    return _count_request(_watch_counts, owner, MAX_WATCHES, refusal)


def resolve_body(body: request_models.TaskRequest) -> tuple[Task, Settings, dict[str, list[File]]]:
    """Returns the validated task, settings and inputs of a request body.

    Raises:
        StudioError: for an unknown task, invalid settings or missing files.
    """
    task = tasks.get(body.task)
    _check_settings(task, body.settings)
    with raising_missing():
        return task, *resolve(task, body.settings, body.inputs, _OVER_HTTP)


class _OverHttp(Machine):
    """This machine, for API requests, which name files by SHA-256; paths are never accepted."""

    def read(self, slot: Slot, value: str | request_models.FileRef, labels: str | None = None) -> File:
        """Returns a stored file, a sample or a model."""
        id, name = (value, "") if isinstance(value, str) else (value.id, value.name)
        if paths.DIGEST_PATTERN.fullmatch(id):
            owners.require_ownership(id)
            paths.stored_path(id)
            return File(id, slot.kind, shorten_name(name, _MAX_NAME_CHARACTERS) or slot.name)
        file = input_files.read_by_name(slot, id)
        if file is None:
            expected = "the id of an upload or a result, or the name of a sample or model"
            raise invalid(f"input {slot.name}", expected=expected, received=id, next_step="upload the file")
        return file


_OVER_HTTP = _OverHttp()


def _check_settings(task: Task, settings: Mapping[str, Any]) -> None:
    """Refuses lone surrogates, which cannot be saved, deep nesting, and `local_only` settings."""
    try:
        from_json(json.dumps(settings, ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The settings contain invalid text or are nested too deeply. Correct them."
        ) from None
    for name, field in task.settings.describe().items():
        if field.local_only and name in settings:
            raise invalid(f"`{name}`", expected="nothing", received="a value", next_step="leave it out")


def _find_job(id: str, owner: str) -> engine.Job:
    """Returns a job. Raises `Missing` if there is none, and `Unavailable` while the engine is down."""
    studio = engine.connect()
    with raising_missing(StudioError, studio.status):
        return studio.find_job(id, owner)


def _find_job_state(id: str, owner: str) -> tuple[engine.Job, responses.JobOut]:
    """Returns a job with its state as it is sent. Raises as `_find_job`."""
    job = _find_job(id, owner)
    return job, responses.build_job(job)
