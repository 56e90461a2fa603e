"""The gallery: search and marks, as on the gallery page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from studio.api import request_models, responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import problem_responses, raising_missing
from studio.gallery import boards, index, items
from studio.gallery.index import Filter
from studio.gallery.marks import change_marks

routes = APIRouter(tags=["Gallery"])
_ShortText = Annotated[str, Query(max_length=200)]


@routes.get("/gallery", responses=problem_responses())
async def search(
    owner: Caller,
    words: _ShortText = "",
    kind: _ShortText = "",
    task: _ShortText = "",
    starred: bool = False,
    tag: _ShortText = "",
    board: _ShortText = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> responses.ItemsOut:
    """Searches the gallery, newest first. `words` match text, whole numbers and settings such as `seed=7`."""
    query = Filter(kind=kind, task=task, words=words, starred=starred, tag=tag, board=board)
    matches, total = await run_in_thread(owner, partial(index.find, query, owner, limit, skip))
    return responses.ItemsOut(items=[responses.ItemOut.of(match) for match in matches], total=total)


@routes.get("/gallery/boards", responses=problem_responses())
async def list_boards(owner: Caller) -> list[str]:
    """Lists your boards. A result is put on one with `PATCH /gallery/{id}`, and the first one creates it."""
    return await run_in_thread(owner, partial(index.list_boards, owner))


@routes.patch("/gallery/boards/{name:path}", responses=problem_responses(400, 404, 507))
async def rename_board(owner: Caller, name: str, to: request_models.BoardIn) -> list[str]:
    """Renames a board and returns all boards. The name of another board makes both one."""
    return await _change_board(owner, lambda: boards.rename(name, to.name, owner))


@routes.delete("/gallery/boards/{name:path}", responses=problem_responses(404, 507))
async def delete_board(owner: Caller, name: str) -> list[str]:
    """Deletes a board and returns the others. Its results stay in the gallery."""
    return await _change_board(owner, lambda: boards.delete(name, owner))


async def _change_board(owner: str, change: Callable[[], int]) -> list[str]:
    def work() -> list[str]:
        with raising_missing():
            change()
        return index.list_boards(owner)

    return await run_in_thread(owner, work)


@routes.patch("/gallery/{id}", responses=problem_responses(400, 404, 507))
async def mark(owner: Caller, id: str, marks: request_models.MarksIn) -> responses.ItemOut:
    """Changes star, tags, boards or name of an item; omitted fields stay unchanged."""

    def work() -> responses.ItemOut:
        with raising_missing():
            return responses.ItemOut.of(index.entry_of(change_marks(id, owner, **marks.model_dump())))

    return await run_in_thread(owner, work)


@routes.get(
    "/gallery/{id}/thumbnail",
    response_class=Response,
    responses=problem_responses(404) | {200: {"content": {"image/webp": {}}}},
)
async def thumbnail(owner: Caller, id: str) -> Response:
    """Returns a small image of an item as WebP."""
    with raising_missing():
        data = await run_in_thread(owner, lambda: items.find(id, owner).load_thumbnail())
    return Response(data, media_type="image/webp")
