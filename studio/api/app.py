"""The API as one ASGI app, which the server of the pages mounts."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from studio.api import batches, callers, docs, files, gallery, guards, jobs, models, problems, tasks
from studio.core import access
from studio.core.errors import invalid
from studio.core.version import VERSION

ORIGINS_VARIABLE = "STUDIO_API_ORIGINS"
_PUBLIC_PATHS = ("/", "/docs", "/openapi.json")  # the documentation
_DESCRIPTION = (
    "What the studio can do, for other programs. Each request bears a token (`Authorization: Bearer TOKEN`), "
    "which `studio token` prints where the studio runs. Errors are problem details (RFC 9457)."
)


def create_api(allowed_origins: Collection[str] = ()) -> FastAPI:
    """Creates the API.

    Args:
        allowed_origins: origins whose pages may read its responses, e.g. https://example.org. `BrowserGuard`
            refuses requests of all other origins before they reach pages or API.
    """
    middleware = [
        Middleware(callers.ApiTokenGuard, public_paths=_PUBLIC_PATHS),
        Middleware(guards.BodySizeLimit, larger_limits={("POST", files.PATH): files.MAX_BODY_BYTES}),
    ]
    if allowed_origins:
        cors = Middleware(
            CORSMiddleware, allow_origins=list(allowed_origins), allow_methods=["*"], allow_headers=["*"]
        )
        middleware.insert(0, cors)
    api = FastAPI(
        title="Creative AI Studio",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        middleware=middleware,
    )
    problems.add_handlers(api)
    for module in (tasks, files, jobs, batches, gallery, models):
        api.include_router(module.routes)

    @api.get("/", include_in_schema=False)
    async def show_index() -> dict[str, Any]:
        return {
            "title": api.title,
            "version": api.version,
            "docs": "docs",
            "openapi": "openapi.json",
            "token": access.API_REFUSAL,
            "routes": [
                f"{method.upper()} {path.removeprefix('/')}"
                for path, methods in api.openapi()["paths"].items()
                for method in methods
            ],
        }

    @api.get("/docs", include_in_schema=False)
    async def show_documentation() -> HTMLResponse:
        return HTMLResponse(docs.render_page(api.openapi()), headers=docs.HEADERS)

    _add_problem_schema(api.openapi())
    return api


def _add_problem_schema(openapi: dict[str, Any]) -> None:
    """Adds the schema of `Problem`, because FastAPI only adds models sent as `application/json`."""
    openapi["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()


def read_origins() -> list[str]:
    """Returns the origins that STUDIO_API_ORIGINS allows.

    Raises:
        InvalidInput: if one is not an origin; ignoring it could leave the studio more open than intended.
    """
    origins = [origin.strip() for origin in os.environ.get(ORIGINS_VARIABLE, "").split(",") if origin.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or origin != f"{parts.scheme}://{parts.netloc}"
        ):
            step = "write a scheme and a host, with commas between several"
            raise invalid(
                ORIGINS_VARIABLE, expected="an origin as https://example.org", received=origin, next_step=step
            )
    return origins
