"""The order of jobs that wait, changed by whoever asked for them; jobs of others keep their places."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from studio import engine
from studio.api import bodies, shapes
from studio.api.callers import Caller, aside
from studio.api.jobs import There
from studio.api.problems import answers

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


async def _steered(owner: str, work: Callable[[], engine.Job]) -> shapes.JobOut:
    return shapes.job(await aside(owner, work))
