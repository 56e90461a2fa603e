"""Files on their way in and out: uploads stream to the disk, downloads continue from any byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Literal
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from studio.api import form_data, shapes
from studio.api.callers import Caller, aside
from studio.api.problems import Missing, answers
from studio.core import access, tokens
from studio.core.errors import StudioError
from studio.core.files import Kind
from studio.core.tasks import File
from studio.engine import quotas
from studio.run import uploads

PATH = "/files"
MOST_BODY = max(uploads.MOST.values()) + (1 << 20)  # bytes: the largest file, and a form around it
_MOST_NAME = 200  # characters
_PIECE = 4 << 20  # bytes that are written at once: a thread a packet would take longer than the disk
_MOST_AT_ONCE = 8  # uploads of an owner: those of others need not wait for slow ones
_uploads: WeakValueDictionary[str, CapacityLimiter] = WeakValueDictionary()  # by owner, while there are any
_checks: WeakValueDictionary[str, CapacityLimiter] = (
    WeakValueDictionary()
)  # one check of an owner has a thread
_BINARY = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "properties": {"file": _BINARY}, "required": ["file"]}
_BODY = {"application/octet-stream": {"schema": _BINARY}, form_data.MEDIA: {"schema": _FORM}}

routes = APIRouter(tags=["Files"])
Input = Literal["image", "animation", "text", "model", "dataset"]


@routes.post(
    PATH,
    status_code=201,
    responses=answers(400, 408, 507),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def upload(
    request: Request,
    owner: Caller,
    kind: Input = "image",
    name: Annotated[str, Query(max_length=_MOST_NAME)] = "",
) -> shapes.FileOut:
    """Takes the body as an input, and checks it as pages do. The same bytes get the same id.

    A form of one file is taken as that file, by its own name where the address gives none.
    """
    async with _uploads.setdefault(owner, CapacityLimiter(_MOST_AT_ONCE)):
        announced = request.headers.get("content-length", "")
        size = int(announced) if announced.isdigit() and len(announced) < 20 else 0
        uploads.check_size(kind, name, size)
        await aside(owner, partial(quotas.check_room, owner, size))
        packets: AsyncIterator[bytes] = request.stream()
        if form_data.is_form(request):
            part = form_data.FilePart(request)
            await part.begin()
            packets, name = part.packets(), name or part.name[:_MOST_NAME]
        return shapes.FileOut.of(await _received(packets, owner, kind, name or "upload"))


async def _received(stream: AsyncIterator[bytes], owner: str, kind: Kind, name: str) -> File:
    with uploads.receiving(kind, name) as coming:
        packets: list[bytes] = []
        waiting = 0
        async for packet in stream:
            packets.append(packet)
            waiting += len(packet)
            if waiting >= _PIECE:
                await to_thread.run_sync(coming.add, packets)
                packets, waiting = [], 0
        coming.add(packets)
        async with _checks.setdefault(owner, CapacityLimiter(1)):
            return await aside(owner, partial(_kept, coming, owner))


def _kept(coming: uploads.Received, owner: str) -> File:
    """Keeps a file, unless its owner was removed while it came."""
    if not tokens.has_any(owner):
        raise HTTPException(401, access.NO_TOKEN, {"WWW-Authenticate": "Bearer"})
    return coming.keep()


@routes.head(PATH + "/{id}", include_in_schema=False)
@routes.get(
    PATH + "/{id}",
    response_class=FileResponse,
    responses=answers(404, 400)
    | {
        200: {"content": {"*/*": {}}},
        206: {"description": "The bytes asked for.", "content": {"*/*": {}}},
        416: {"description": "There are no such bytes.", "content": {"*/*": {}}},
    },
)
async def download(
    owner: Caller, id: str, kind: Kind = "image", name: Annotated[str, Query(max_length=_MOST_NAME)] = ""
) -> FileResponse:
    """The bytes of a result or an input; a `Range` of them, if one is asked for."""
    try:
        path = await aside(owner, lambda: File(id, kind, name).path)
    except StudioError as error:
        raise Missing(str(error)) from None
    return FileResponse(
        path,
        media_type=shapes.media_type(name),
        filename=shapes.plain(name) or None,
        headers={"X-Content-Type-Options": "nosniff"},
    )
