"""Jobs: asked for once however often the request comes, watched, stopped; and what is made at once."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic_core import from_json

from studio import engine
from studio.api import bodies, shapes
from studio.api.callers import Caller, aside
from studio.api.problems import Missing, answers
from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError, TooMany, Unavailable, invalid, short_name
from studio.core.settings import Settings
from studio.core.tasks import File, Slot, Task
from studio.run import input_files
from studio.run.machine import Machine
from studio.run.request import resolve

LOOK_SECONDS = 0.25
MOST_WAIT = 60.0  # s
_LONGEST = 120  # characters of a name
MOST_LIVE = 8  # requests of an owner that are answered at once
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]

routes = APIRouter(tags=["Jobs"])
_live: Counter[str] = Counter()  # of each owner; only the server's loop counts


@routes.post("/jobs", status_code=202, responses=answers(400, 404, 413, 429, 507))
async def submit(owner: Caller, what: bodies.AskedJob, idempotency_key: Key = "") -> shapes.JobOut:
    """Puts a job into the queue.

    With an `Idempotency-Key` the same request can be sent again, also after the server was killed: it makes
    one job, and answers with that.
    """

    def work() -> shapes.JobOut:
        task, settings, inputs = resolve_body(what)
        key = shapes.plain(idempotency_key)
        submitted = engine.connect().submit(task.name, settings, inputs, owner, key=key, batch=what.batch)
        return shapes.job(submitted)

    return await aside(owner, work)


@routes.get("/jobs", responses=answers())
async def list_jobs(owner: Caller, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[shapes.JobOut]:
    """The jobs of whoever asks, newest first; those under way are among them."""
    return await aside(owner, lambda: [shapes.job(one) for one in engine.connect().jobs(owner, limit)])


@routes.get("/jobs/{id}", responses=answers(404))
async def show_job(
    owner: Caller,
    id: str,
    wait: Annotated[float, Query(ge=0, le=MOST_WAIT, description="Seconds to wait for its end.")] = 0,
    all_figures: Annotated[
        bool, Query(description="Also figures that are long lists, as the loss of each character.")
    ] = False,
) -> shapes.JobOut:
    """A job as it stands. Its figures leave out lists of more than 100 numbers unless asked for."""
    end = time.monotonic() + wait
    while True:
        job = await aside(owner, partial(_found, id, owner))
        if job.finished or time.monotonic() >= end:
            return await aside(owner, partial(shapes.job, job, all_figures))
        await asyncio.sleep(LOOK_SECONDS)


async def there(owner: Caller, id: str) -> engine.Job:
    """The job of an address: looked for before an answer begins, whose status could no longer tell."""
    return await aside(owner, partial(_found, id, owner))


There = Annotated[engine.Job, Depends(there)]


@routes.get("/jobs/{id}/events", response_class=EventSourceResponse, responses=answers(404))
async def watch(owner: Caller, job: There) -> AsyncIterator[ServerSentEvent]:
    """Tells of a job until it has ended: `job` whenever it changed, `preview` with a WebP in base64."""
    told: shapes.JobOut | None = None
    seen: bytes | None = None
    while told is None or not told.finished:
        if job.preview and job.preview != seen:
            seen = job.preview
            yield ServerSentEvent(event="preview", data=base64.b64encode(seen).decode())
        now = await aside(owner, partial(shapes.job, job))
        if now != told:
            yield ServerSentEvent(event="job", data=now)
        told = now
        if not told.finished:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                job = await aside(owner, partial(_found, job.id, owner))
            except StudioError:  # the engine fell, or the job was removed: who asks again is told
                return


@routes.get(
    "/jobs/{id}/preview",
    response_class=Response,
    responses=answers(404) | {200: {"content": {"image/webp": {}}}},
)
async def preview(job: There) -> Response:
    """The latest image of a job as WebP."""
    if not job.preview:
        raise Missing("It shows no image yet. Ask again in a moment.")
    return Response(job.preview, media_type="image/webp", headers={"Cache-Control": "no-store"})


@routes.post("/jobs/{id}/cancel", status_code=202, responses=answers(404))
async def cancel(owner: Caller, job: There) -> shapes.JobOut:
    """Ends a job and keeps nothing of it."""
    return await _after(owner, job, lambda: engine.connect().cancel(job.id, owner))


@routes.post("/jobs/{id}/stop", status_code=202, responses=answers(404))
async def stop(owner: Caller, job: There) -> shapes.JobOut:
    """Stops a job; its best result so far is kept."""
    return await _after(owner, job, lambda: engine.connect().stop(job.id, owner))


@routes.post("/jobs/{id}/move", responses=answers(400, 404))
async def move(owner: Caller, job: There, where: bodies.Move) -> shapes.JobOut:
    """Moves a waiting job forward among those of whoever asks; jobs of others keep their places."""
    return await _after(owner, job, lambda: engine.connect().move(job.id, where.to, owner))


@routes.post("/jobs/{id}/pause", responses=answers(404))
async def pause(owner: Caller, job: There) -> shapes.JobOut:
    """Lets a waiting job wait until it is resumed, also when the studio is started again."""
    return await _after(owner, job, lambda: engine.connect().pause(job.id, owner))


@routes.post("/jobs/{id}/resume", responses=answers(404))
async def resume(owner: Caller, job: There) -> shapes.JobOut:
    """Lets a paused job have its turn again."""
    return await _after(owner, job, lambda: engine.connect().resume(job.id, owner))


async def _after(owner: str, job: engine.Job, change: Callable[[], object]) -> shapes.JobOut:
    """The job as it stands after a change."""

    def work() -> shapes.JobOut:
        change()
        return shapes.job(_found(job.id, owner))

    return await aside(owner, work)


@routes.post(
    "/live",
    response_class=Response,
    responses=answers(400, 404, 409, 413, 429) | {200: {"content": {"*/*": {}}}},
)
async def live(
    owner: Caller,
    what: bodies.Asked,
    session: Annotated[
        str, Query(max_length=100, description="Of one session a newer request takes an older one's place.")
    ] = "",
) -> Response:
    """Makes at once what takes seconds, and keeps nothing: the answer is the file that was made."""

    def work() -> engine.Live:
        task, settings, inputs = resolve_body(what)
        whose = f"api {owner} {session or secrets.token_hex(8)}"
        return engine.connect().live(task.name, settings, inputs, whose, owner)

    with _one_more(owner):
        made = await aside(owner, work)
    headers = {"Studio-Seconds": f"{made.seconds:.3f}", "X-Content-Type-Options": "nosniff"}
    return Response(made.data, media_type=shapes.media_type(made.name), headers=headers)


@contextmanager
def _one_more(owner: str) -> Iterator[None]:
    if _live[owner] >= MOST_LIVE:
        raise TooMany(f"{MOST_LIVE} of your requests are being answered. Wait until one of them is.")
    _live[owner] += 1
    try:
        yield
    finally:
        _live[owner] -= 1
        if not _live[owner]:
            del _live[owner]


def resolve_body(what: bodies.Asked) -> tuple[Task, Settings, dict[str, list[File]]]:
    """The task, settings and inputs that are asked for, checked.

    Raises:
        StudioError: for a task that there is not, settings out of range, or files that are not there.
    """
    task = tasks.get(what.task)
    _check_settings(task, what.settings)
    try:
        return task, *resolve(task, what.settings, what.inputs, _OVER_HTTP)
    except Unavailable as error:
        raise Missing(str(error)) from None


class _OverHttp(Machine):
    """This machine, for callers elsewhere: they name files by SHA-256, and no path is ever followed."""

    def read(self, slot: Slot, value: str | bodies.Named, labels: str | None = None) -> File:
        """A kept file, a sample or a model."""
        id, name = (value, "") if isinstance(value, str) else (value.id, value.name)
        if paths.DIGEST.fullmatch(id):
            owners.check(id)
            paths.kept(id)
            return File(id, slot.kind, short_name(name, _LONGEST) or slot.name)
        file = input_files.from_name(slot, id)
        if file is None:
            expected = "the id of an upload or a result, or the name of a sample or model"
            raise invalid(f"input {slot.name}", expected=expected, received=id, next_step="upload the file")
        return file


_OVER_HTTP = _OverHttp()


def _check_settings(task: Task, settings: Mapping[str, Any]) -> None:
    """JSON can spell halves of characters, which no file and no answer can hold, and levels without end."""
    try:
        from_json(json.dumps(settings, ensure_ascii=False).encode())
    except (ValueError, RecursionError):
        raise InvalidInput(
            "The settings contain invalid text or are nested too deeply. Correct them."
        ) from None
    for name, field in task.settings.described().items():
        if field.here and name in settings:
            raise invalid(f"`{name}`", expected="nothing", received="a value", next_step="leave it out")


def _found(id: str, owner: str) -> engine.Job:
    studio = engine.connect()
    try:
        return studio.job(id, owner)
    except StudioError as error:
        if studio.status().startswith(("down", "starting")):
            raise
        raise Missing(str(error)) from None
