"""What went wrong, as RFC 9457's problem details: the status, and the sentence that a page would show."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from studio.core import owners, places
from studio.core.errors import InvalidInput, NoRoom, StudioError, TooMany, Unavailable, invalid

MEDIA = "application/problem+json"
_STATUS = {InvalidInput: 422, NoRoom: 507, TooMany: 429, Unavailable: 503}
_FAULT = "Something went wrong in the studio; its log says more. Try again, or report it."
_NAMED = {  # what the framework itself refuses
    404: "There is nothing at this address. Look at api/v1/docs.",
    405: "This address does not take that method. Look at api/v1/docs.",
    400: "The body cannot be read as JSON in UTF-8. Send one JSON object.",
}
log = logging.getLogger("studio.api")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="What the status is called.")
    status: int
    detail: str = Field(description="What was expected, what came, and what to do next.")


class Missing(Unavailable):
    """What an address names is not there, or not for whoever asks."""


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's document says of problems, for each status that it may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}
        for status in (401, 403, 422, 503, *statuses)
    }


def response(status: int, detail: str, headers: Any = None) -> JSONResponse:
    """A problem as an answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail.encode("utf-8", "replace").decode(),
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA)


def told(owner: str, sentence: str) -> str:
    """A sentence as an owner may read it: visitors are not told where things are on the server."""
    return sentence if owner == owners.LOCAL else places.without_paths(sentence)


def add(api: FastAPI) -> None:
    """Has all that goes wrong in an API answered so."""
    api.add_exception_handler(StudioError, _studio)
    api.add_exception_handler(RequestValidationError, _validation)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(ClientDisconnect, _left)
    api.add_exception_handler(Exception, _fault)


def _studio(request: Request, error: Exception) -> JSONResponse:
    kinds = (status for kind, status in _STATUS.items() if isinstance(error, kind))
    status = 404 if isinstance(error, Missing) else next(kinds, 422)
    owner = getattr(request.state, "owner", owners.NOBODY)
    return response(status, told(owner, str(error)))


def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return response(400, _NAMED[400])
    where = ".".join(str(part) for part in first["loc"][1:]) or "body"
    expected = first["msg"][:1].lower() + first["msg"][1:]
    step = "look at api/v1/docs"
    given = first.get("input")
    received = type(given).__name__ if isinstance(given, dict | list) else repr(given)
    return response(422, str(invalid(f"`{where}`", expected=expected, received=received, next_step=step)))


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    usual = error.detail == HTTPStatus(error.status_code).phrase or error.status_code == 400
    detail = _NAMED.get(error.status_code, error.detail) if usual else error.detail
    return response(error.status_code, detail, error.headers)


def _left(request: Request, error: Exception) -> JSONResponse:
    """Nobody reads this answer: the client left before its body was whole."""
    log.info("%s %s: the client left", request.method, request.url.path)
    return response(400, "The body ended early. Send it again.")


def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return response(500, _FAULT)
