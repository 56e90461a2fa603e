"""Trained models: lists all, and renames, removes and restores the owner's own."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from studio.api import bodies, shapes
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import Missing, problem_responses
from studio.core.errors import Unavailable
from studio.core.models import kept_models, presets

routes = APIRouter(tags=["Models"])


@routes.get("/models", responses=problem_responses())
async def list_models(owner: Caller) -> list[shapes.ModelOut]:
    """Lists the trained models that settings and inputs may name: built-in ones and your own."""
    return await run_in_thread(
        owner, lambda: [shapes.ModelOut.of(presets.find(name)) for name in presets.list_names()]
    )


@routes.patch("/models/{name}", responses=problem_responses(400, 404))
async def rename_model(owner: Caller, name: str, to: bodies.ModelIn) -> shapes.ModelOut:
    """Renames one of your models. Its former name still works."""
    return await _change_model(owner, lambda: kept_models.rename(name, to.name))


@routes.delete("/models/{name}", status_code=204, responses=problem_responses(404))
async def remove_model(owner: Caller, name: str) -> None:
    """Removes one of your models, until it is restored."""
    await run_in_thread(owner, lambda: _or_missing(lambda: kept_models.remove(name)))


@routes.post("/models/{name}/restore", responses=problem_responses(404))
async def restore_model(owner: Caller, name: str) -> shapes.ModelOut:
    """Restores a removed model."""
    return await _change_model(owner, lambda: kept_models.restore(name))


async def _change_model(owner: str, change: Callable[[], str]) -> shapes.ModelOut:
    return await run_in_thread(owner, lambda: shapes.ModelOut.of(presets.find(_or_missing(change))))


def _or_missing(change: Callable[[], str]) -> str:
    try:
        return change()
    except Unavailable as error:
        raise Missing(str(error)) from None
