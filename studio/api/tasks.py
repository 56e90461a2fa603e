"""The tasks with their settings, and the status of the studio."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from studio import engine
from studio.api import shapes
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import Missing, problem_responses
from studio.core import tasks, version
from studio.core.errors import InvalidInput

routes = APIRouter(tags=["Tasks"])


@routes.get("/tasks", responses=problem_responses())
async def list_tasks(owner: Caller) -> list[shapes.TaskOut]:
    """Lists all tasks, each with its inputs and the JSON Schema of its settings."""
    return await run_in_thread(owner, lambda: [shapes.TaskOut.of(tasks.get(name)) for name in tasks.TASKS])


@routes.get("/tasks/{name}", responses=problem_responses(404))
async def show_task(owner: Caller, name: str) -> shapes.TaskOut:
    """Returns a task by name."""
    try:
        return await run_in_thread(owner, lambda: shapes.TaskOut.of(tasks.get(name)))
    except InvalidInput as error:
        raise Missing(str(error)) from None


@routes.get("/health", responses=problem_responses())
async def health(owner: Caller) -> shapes.HealthOut:
    """Returns the status of the studio, and its version."""
    status = await run_in_thread(owner, partial(_status))
    return shapes.HealthOut(status=status, version=version.VERSION)


def _status() -> str:
    return engine.connect().status()
