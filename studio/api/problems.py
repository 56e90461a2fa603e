"""Errors as problem details (RFC 9457): the status, and the message that a page would show."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from studio.core import owners, redaction
from studio.core.errors import (
    InsufficientSpace,
    InvalidInput,
    LimitReached,
    StudioError,
    Unavailable,
    invalid,
)

MEDIA_TYPE = "application/problem+json"
_STATUS_BY_ERROR = {InvalidInput: 422, InsufficientSpace: 507, LimitReached: 429, Unavailable: 503}
_UNEXPECTED = "Something went wrong in the studio; its log says more. Try again, or report it."
_FRAMEWORK_DETAILS = {  # by status, for refusals by the framework itself
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
    """The resource does not exist, or belongs to another owner."""


@contextmanager
def raising_missing(
    kind: type[StudioError] = Unavailable, read_status: Callable[[], str] = lambda: "ready"
) -> Iterator[None]:
    """Turns an error into `Missing`, unless the engine cannot know because it is not running.

    Args:
        kind: class of the error.
        read_status: returns the status of the engine, if only the engine knows the resource.
    """
    try:
        yield
    except kind as error:
        if read_status().startswith(("down", "starting")):
            raise
        raise Missing(str(error)) from None


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Returns the OpenAPI responses of a route for problems with these statuses and the common ones."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in (401, 403, 422, 503, *statuses)
    }


def make_response(status: int, detail: str, headers: Any = None) -> JSONResponse:
    """Returns a problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail.encode("utf-8", "replace").decode(),
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def redact_for(owner: str, message: str) -> str:
    """Returns a message for an owner: paths on the server are hidden from visitors."""
    return message if owner == owners.LOCAL else redaction.redact_paths(message)


def add_handlers(api: FastAPI) -> None:
    """Registers handlers that turn all errors of an API into problem details."""
    api.add_exception_handler(StudioError, _handle_studio_error)
    api.add_exception_handler(RequestValidationError, _handle_validation_error)
    api.add_exception_handler(HTTPException, _handle_http_error)
    api.add_exception_handler(ClientDisconnect, _handle_disconnect)
    api.add_exception_handler(Exception, _handle_unexpected_error)


def _handle_studio_error(request: Request, error: Exception) -> JSONResponse:
    statuses = (status for kind, status in _STATUS_BY_ERROR.items() if isinstance(error, kind))
    status = 404 if isinstance(error, Missing) else next(statuses, 422)
    owner = getattr(request.state, "owner", owners.NOBODY)
    return make_response(status, redact_for(owner, str(error)))


def _handle_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    if problem["type"] == "json_invalid":
        return make_response(400, _FRAMEWORK_DETAILS[400])
    location = ".".join(str(part) for part in problem["loc"][1:]) or "body"
    expected = problem["msg"][:1].lower() + problem["msg"][1:]
    step = "look at api/v1/docs"
    value = problem.get("input")
    received = type(value).__name__ if isinstance(value, dict | list) else repr(value)
    return make_response(
        422, str(invalid(f"`{location}`", expected=expected, received=received, next_step=step))
    )


def _handle_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    is_default_message = error.detail == HTTPStatus(error.status_code).phrase or error.status_code == 400
    detail = _FRAMEWORK_DETAILS.get(error.status_code, error.detail) if is_default_message else error.detail
    return make_response(error.status_code, detail, error.headers)


def _handle_disconnect(request: Request, error: Exception) -> JSONResponse:
    """Logs a client that disconnected before its body was complete, so it cannot read the response."""
    log.info("%s %s: the client left", request.method, request.url.path)
    return make_response(400, "The body ended early. Send it again.")


def _handle_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return make_response(500, _UNEXPECTED)
