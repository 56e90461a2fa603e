"""Uploads and downloads: uploads stream to the disk, downloads support byte ranges."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Literal
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from studio.api import form_data, guards, responses
from studio.api.callers import Caller, run_in_thread
from studio.api.problems import problem_responses, raising_missing
from studio.core import access, tokens
from studio.core.errors import StudioError
from studio.core.files import Kind
from studio.core.tasks import File
from studio.engine import quotas
from studio.run import uploads

PATH = "/files"
MAX_BODY_BYTES = max(uploads.MAX_BYTES.values()) + (1 << 20)  # bytes of the largest file and a form around it
_MAX_NAME_CHARACTERS = 200
_WRITE_BYTES = 4 << 20  # per write: a thread per packet would take longer than the disk
_MAX_UPLOADS = 8  # per owner, so other owners do not wait for slow ones
_upload_limiters: WeakValueDictionary[str, CapacityLimiter] = WeakValueDictionary()  # by owner
# One check of an upload per owner runs at a time.
_check_limiters: WeakValueDictionary[str, CapacityLimiter] = WeakValueDictionary()
_BINARY_SCHEMA = {"type": "string", "format": "binary"}
_FORM_SCHEMA = {"type": "object", "properties": {"file": _BINARY_SCHEMA}, "required": ["file"]}
_BODY_CONTENT = {
    "application/octet-stream": {"schema": _BINARY_SCHEMA},
    form_data.MEDIA_TYPE: {"schema": _FORM_SCHEMA},
}

routes = APIRouter(tags=["Files"])
UploadKind = Literal["image", "animation", "text", "model", "dataset"]


@routes.post(
    PATH,
    status_code=201,
    responses=problem_responses(400, 408, 507),
    openapi_extra={"requestBody": {"required": True, "content": _BODY_CONTENT}},
)
async def upload(
    request: Request,
    owner: Caller,
    kind: UploadKind = "image",
    name: Annotated[str, Query(max_length=_MAX_NAME_CHARACTERS)] = "",
) -> responses.FileOut:
    """Uploads an input file and validates it as pages do. Equal bytes get the same id.

    A form with one file is also accepted; its file name is used unless `name` is given.
    """
    async with _upload_limiters.setdefault(owner, CapacityLimiter(_MAX_UPLOADS)):
        size = guards.read_content_length(request.scope)
        uploads.check_size(kind, name, size)
        await run_in_thread(owner, partial(quotas.check_disk_quota, owner, size))
        packets: AsyncIterator[bytes] = request.stream()
        if form_data.is_form(request):
            part = form_data.FilePart(request)
            await part.read_first_bytes()
            packets, name = part.read_packets(), name or part.name[:_MAX_NAME_CHARACTERS]
        return responses.FileOut.of(await _receive_upload(packets, owner, kind, name or "upload"))


async def _receive_upload(stream: AsyncIterator[bytes], owner: str, kind: Kind, name: str) -> File:
    """Writes the bytes of an upload to the disk as they arrive, then checks and stores the file."""
    with uploads.open_upload(kind, name) as upload_file:
        packets: list[bytes] = []
        pending_bytes = 0
        async for packet in stream:
            packets.append(packet)
            pending_bytes += len(packet)
            if pending_bytes >= _WRITE_BYTES:
                await to_thread.run_sync(_write_packets, upload_file, owner, packets)
                packets, pending_bytes = [], 0
        upload_file.add(packets)
        async with _check_limiters.setdefault(owner, CapacityLimiter(1)):
            return await run_in_thread(owner, partial(_store_upload, upload_file, owner))


def _write_packets(upload_file: uploads.Upload, owner: str, packets: list[bytes]) -> None:
    """Writes the next bytes of an upload, unless the disk became almost full since it began."""
    quotas.check_free_disk(owner)
    upload_file.add(packets)


def _store_upload(upload_file: uploads.Upload, owner: str) -> File:
    """Stores an upload. Refuses it with 401 if its owner was removed during the upload."""
    if not tokens.has_token(owner):
        raise HTTPException(401, access.API_REFUSAL, {"WWW-Authenticate": "Bearer"})
    return upload_file.store()


@routes.head(PATH + "/{id}", include_in_schema=False)
@routes.get(
    PATH + "/{id}",
    response_class=FileResponse,
    responses=problem_responses(404, 400)
    | {
        200: {"content": {"*/*": {}}},
        206: {"description": "The bytes asked for.", "content": {"*/*": {}}},
        416: {"description": "There are no such bytes.", "content": {"*/*": {}}},
    },
)
async def download(
    owner: Caller,
    id: str,
    kind: Kind = "image",
    name: Annotated[str, Query(max_length=_MAX_NAME_CHARACTERS)] = "",
) -> FileResponse:
    """Downloads a result or an input, or a `Range` of its bytes."""
    with raising_missing(StudioError):
        path = await run_in_thread(owner, lambda: File(id, kind, name).path)
    return FileResponse(
        path,
        media_type=responses.choose_media_type(name),
        filename=responses.to_json_data(name) or None,
        headers={"X-Content-Type-Options": "nosniff"},
    )
