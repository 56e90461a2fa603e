"""Batches: many images of one task, asked for at once; watched and stopped together."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fastapi import APIRouter

from studio import engine
from studio.api import bodies, jobs, shapes
from studio.api.callers import Caller, aside
from studio.api.problems import Missing, answers
from studio.core import paths, tasks
from studio.core.errors import Unavailable, invalid
from studio.core.settings import Settings
from studio.core.tasks import File, Task

MOST_TOGETHER = 500  # jobs of a batch that are asked for by one request

routes = APIRouter(tags=["Jobs"])


@routes.post("/batches", status_code=202, responses=answers(400, 404, 413, 429, 507))
async def submit_batch(
    owner: Caller, what: bodies.AskedBatch, idempotency_key: jobs.Key = ""
) -> shapes.BatchOut:
    """Adds one job per image to the queue, as one batch: all of them, or none.

    For tasks whose first input is one image; here it may list up to 500. Sent again with its
    `Idempotency-Key`, it makes no more jobs.
    """

    def work() -> engine.Batch:
        studio, key = engine.connect(), shapes.plain(idempotency_key)
        task, several = _of_images(what)
        batch = what.batch or (paths.digest(f"{owner} {key}".encode())[:16] if key else secrets.token_hex(8))
        studio.submit_all(task.name, several, batch, owner, key)
        return studio.batch(batch, owner)

    return shapes.BatchOut.of(await aside(owner, work))


def _of_images(what: bodies.AskedBatch) -> tuple[Task, list[tuple[Settings, dict[str, list[File]]]]]:
    """A task with each of the images that its first input lists."""
    task = tasks.get(what.task)
    if not task.of_a_image:
        step = "ask for each as a job, with the same `batch`"
        raise invalid("task", expected="one of an image", received=task.name, next_step=step)
    slot = task.inputs[0].name
    listed = what.inputs.get(slot, [])
    if not 0 < len(listed) <= MOST_TOGETHER:
        expected = f"1 to {MOST_TOGETHER} images"
        raise invalid(slot, expected=expected, received=len(listed), next_step="send as many")
    shared = {name: files for name, files in what.inputs.items() if name != slot}
    _, settings, others = jobs.resolve_body(what.model_copy(update={"inputs": shared}))
    alone = what.model_copy(update={"settings": {}})
    contents = [jobs.resolve_body(alone.model_copy(update={"inputs": {slot: [one]}}))[2] for one in listed]
    return task, [(settings, {**others, **content}) for content in contents]


@routes.get("/batches/{batch}", responses=answers(404))
async def show_batch(owner: Caller, batch: str) -> shapes.BatchOut:
    """How the jobs that were asked for as one batch stand."""
    return await aside(owner, lambda: _batch(batch, owner))


@routes.post("/batches/{batch}/cancel", status_code=202, responses=answers(404))
async def cancel_batch(owner: Caller, batch: str) -> shapes.BatchOut:
    """Ends all jobs of a batch that have not ended and keeps nothing of them."""
    return await aside(owner, lambda: _end(batch, owner, engine.connect().cancel_batch))


@routes.post("/batches/{batch}/stop", status_code=202, responses=answers(404))
async def stop_batch(owner: Caller, batch: str) -> shapes.BatchOut:
    """Stops all jobs of a batch that have not ended; the best result so far of each is kept."""
    return await aside(owner, lambda: _end(batch, owner, engine.connect().stop_batch))


def _end(batch: str, owner: str, end: Callable[[str, str], None]) -> shapes.BatchOut:
    _batch(batch, owner)
    end(batch, owner)
    return _batch(batch, owner)


def _batch(batch: str, owner: str) -> shapes.BatchOut:
    studio = engine.connect()
    try:
        return shapes.BatchOut.of(studio.batch(batch, owner))
    except Unavailable as error:
        if studio.status().startswith(("down", "starting")):
            raise
        raise Missing(str(error)) from None
