"""The order of jobs that wait, changed by whoever asked for them; jobs of others keep their places."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from studio import engine
from studio.api import bodies, shapes
from studio.api.callers import Caller, aside
from studio.api.jobs import There
from studio.api.problems import Missing, answers
from studio.core.errors import Unavailable

routes = APIRouter(tags=["Jobs"])


@routes.post("/jobs/{id}/move", responses=answers(400, 404))
async def move(owner: Caller, job: There, where: bodies.Move) -> shapes.JobOut:
    """Moves a waiting job forward among those of whoever asks."""
    return await _steered(owner, lambda: engine.connect().move(job.id, where.to, owner))


@routes.post("/jobs/{id}/pause", responses=answers(404))
async def pause(owner: Caller, job: There) -> shapes.JobOut:
    """Lets a waiting job wait until it is resumed, also when the studio is started again."""
    return await _steered(owner, lambda: engine.connect().pause(job.id, owner))


@routes.post("/jobs/{id}/resume", responses=answers(404))
async def resume(owner: Caller, job: There) -> shapes.JobOut:
    """Lets a paused job have its turn again."""
    return await _steered(owner, lambda: engine.connect().resume(job.id, owner))


@routes.get("/batches/{batch}", responses=answers(404))
async def show_batch(owner: Caller, batch: str) -> shapes.BatchOut:
    """How the jobs that were asked for as one batch stand."""
    return await aside(owner, lambda: _batch(batch, owner))


@routes.post("/batches/{batch}/cancel", status_code=202, responses=answers(404))
async def cancel_batch(owner: Caller, batch: str) -> shapes.BatchOut:
    """Stops all jobs of a batch that have not ended."""

    def work() -> shapes.BatchOut:
        _batch(batch, owner)
        engine.connect().cancel_batch(batch, owner)
        return _batch(batch, owner)

    return await aside(owner, work)


def _batch(batch: str, owner: str) -> shapes.BatchOut:
    studio = engine.connect()
    try:
        return shapes.BatchOut.of(studio.batch(batch, owner))
    except Unavailable as error:
        if studio.status().startswith(("down", "starting")):
            raise
        raise Missing(str(error)) from None


async def _steered(owner: str, work: Callable[[], engine.Job]) -> shapes.JobOut:
    return shapes.job(await aside(owner, work))
