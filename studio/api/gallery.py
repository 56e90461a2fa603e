"""What was made before: searched as on the gallery's page."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from studio.api import bodies, shapes
from studio.api.callers import Caller, aside
from studio.api.problems import Missing, answers
from studio.core.errors import Unavailable
from studio.gallery import index, items
from studio.gallery.index import Wanted
from studio.gallery.marks import change

routes = APIRouter(tags=["Gallery"])
_Word = Annotated[str, Query(max_length=200)]


@routes.get("/gallery", responses=answers())
async def search(
    owner: Caller,
    words: _Word = "",
    kind: _Word = "",
    task: _Word = "",
    starred: bool = False,
    tag: _Word = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> shapes.ItemsOut:
    """The items that are wanted, newest first. A number counts as a whole, and `seed=7` is that setting."""
    wanted = Wanted(kind=kind, task=task, words=words, starred=starred, tag=tag)
    found, total = await aside(owner, partial(index.find, wanted, owner, limit, skip))
    return shapes.ItemsOut(items=[shapes.ItemOut.of(one) for one in found], total=total)


@routes.patch("/gallery/{id}", responses=answers(400, 404, 507))
async def mark(owner: Caller, id: str, marks: bodies.MarksIn) -> shapes.ItemOut:
    """Stars, tags or names an item; what is left out stays as it is."""

    def work() -> shapes.ItemOut:
        try:
            return shapes.ItemOut.of(index.entry_of(change(id, owner, **marks.model_dump())))
        except Unavailable as error:
            raise Missing(str(error)) from None

    return await aside(owner, work)


@routes.get(
    "/gallery/{id}/thumbnail",
    response_class=Response,
    responses=answers(404) | {200: {"content": {"image/webp": {}}}},
)
async def thumbnail(owner: Caller, id: str) -> Response:
    """A small image of an item as WebP."""
    try:
        data = await aside(owner, lambda: items.find(id, owner).thumbnail())
    except Unavailable as error:
        raise Missing(str(error)) from None
    return Response(data, media_type="image/webp")
