"""Trained models: which there are, and those that whoever asks has kept renamed, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from studio.api import bodies, shapes
from studio.api.callers import Caller, aside
from studio.api.problems import Missing, answers
from studio.core.errors import Unavailable
from studio.core.models import kept_models, presets

routes = APIRouter(tags=["Models"])


@routes.get("/models", responses=answers())
async def list_models(owner: Caller) -> list[shapes.ModelOut]:
    """The trained models that settings and inputs may name: those that ship, and those that were kept."""
    return await aside(owner, lambda: [shapes.ModelOut.of(presets.find(name)) for name in presets.names()])


@routes.patch("/models/{name}", responses=answers(400, 404))
async def rename_model(owner: Caller, name: str, to: bodies.ModelIn) -> shapes.ModelOut:
    """Gives a kept model another name. What names it by the one before still finds it."""
    return await _changed(owner, lambda: kept_models.rename(name, to.name))


@routes.delete("/models/{name}", status_code=204, responses=answers(404))
async def remove_model(owner: Caller, name: str) -> None:
    """Takes a kept model away, until it is brought back."""
    await aside(owner, lambda: _there(lambda: kept_models.remove(name)))


@routes.post("/models/{name}/restore", responses=answers(404))
async def restore_model(owner: Caller, name: str) -> shapes.ModelOut:
    """Brings a removed model back."""
    return await _changed(owner, lambda: kept_models.restore(name))


async def _changed(owner: str, change: Callable[[], str]) -> shapes.ModelOut:
    return await aside(owner, lambda: shapes.ModelOut.of(presets.find(_there(change))))


def _there(change: Callable[[], str]) -> str:
    try:
        return change()
    except Unavailable as error:
        raise Missing(str(error)) from None
