"""Trained models: lists all, and renames, removes and restores the owner's own."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from studio.api import request_models, responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import problem_responses, raising_missing
from studio.core.models import presets, user_models

routes = APIRouter(tags=["Models"])


@routes.get("/models", responses=problem_responses())
async def list_models(owner: Caller) -> list[responses.ModelOut]:
    """Lists the trained models that settings and inputs may name: built-in ones and your own."""
    return await run_in_thread(
        owner, lambda: [responses.ModelOut.of(presets.find(name)) for name in presets.list_names()]
    )


@routes.patch("/models/{name}", responses=problem_responses(400, 404))
async def rename_model(owner: Caller, name: str, to: request_models.ModelIn) -> responses.ModelOut:
    """Renames one of your models. Its former name still works."""
    return await _change_model(owner, lambda: user_models.rename(name, to.name))


@routes.delete("/models/{name}", status_code=204, responses=problem_responses(404))
async def remove_model(owner: Caller, name: str) -> None:
    """Removes one of your models, until it is restored."""
    with raising_missing():
        await run_in_thread(owner, lambda: user_models.remove(name))


@routes.post("/models/{name}/restore", responses=problem_responses(404))
async def restore_model(owner: Caller, name: str) -> responses.ModelOut:
    """Restores a removed model."""
    return await _change_model(owner, lambda: user_models.restore(name))


async def _change_model(owner: str, change: Callable[[], str]) -> responses.ModelOut:
    """Changes a model and returns it; `change` returns its name."""
    with raising_missing():
        return await run_in_thread(owner, lambda: responses.ModelOut.of(presets.find(change())))
