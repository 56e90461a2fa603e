"""The tasks with their settings, and the status of the studio."""

from __future__ import annotations

from fastapi import APIRouter

from studio import engine
from studio.api import responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import problem_responses, raising_missing
from studio.core import tasks, version
from studio.core.errors import InvalidInput

routes = APIRouter(tags=["Tasks"])


@routes.get("/tasks", responses=problem_responses())
async def list_tasks(owner: Caller) -> list[responses.TaskOut]:
    """Lists all tasks, each with its inputs and the JSON Schema of its settings."""
    return await run_in_thread(owner, lambda: [responses.TaskOut.of(tasks.get(name)) for name in tasks.TASKS])


@routes.get("/tasks/{name}", responses=problem_responses(404))
async def show_task(owner: Caller, name: str) -> responses.TaskOut:
    """Returns a task by name."""
    with raising_missing(InvalidInput):
        return await run_in_thread(owner, lambda: responses.TaskOut.of(tasks.get(name)))


@routes.get("/health", responses=problem_responses())
async def health(owner: Caller) -> responses.HealthOut:
    """Returns the status of the studio, and its version."""
    status = await run_in_thread(owner, lambda: engine.connect().status())
    return responses.HealthOut(status=status, version=version.VERSION)
