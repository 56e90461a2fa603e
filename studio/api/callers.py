"""Authentication of API requests by token, and threads for their work, separate from those of pages.

FastAPI reads the whole body before its dependencies run; `ApiTokenGuard` checks the token before that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, TypeVar
from weakref import WeakValueDictionary

import anyio
from anyio import to_thread
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.api import guards, problems
from studio.core import access, owners, tokens

T = TypeVar("T")
_MAX_THREADS = 48  # separate from Streamlit's threads, which slow API requests must not use up
_MAX_OWNER_THREADS = 12  # more than live requests and checks of uploads of an owner may use
_limiter = anyio.CapacityLimiter(_MAX_THREADS)
_token_limiter = anyio.CapacityLimiter(4)  # separate, so token checks do not wait for other work
_owner_limiters: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()  # by owner
_bearer = HTTPBearer(auto_error=False, description="What `studio token` prints on the machine of the studio.")


class ApiTokenGuard:
    """Refuses requests without a valid token before a byte of their body is read.

    Args:
        app: the API.
        public_paths: the paths that need no token.
    """

    def __init__(self, app: ASGIApp, public_paths: Collection[str]):
        self._app, self._public_paths = app, public_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds 401 without a valid token, else as the app does, with the owner in the request's state."""
        if scope["type"] != "http" or guards.relative_path(scope) in self._public_paths:
            return await self._app(scope, receive, send)
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        owner = None
        if scheme.lower() == "bearer" and token:
            owner = await to_thread.run_sync(tokens.find_owner, token, limiter=_token_limiter)
        if owner is None:
            headers = {"WWW-Authenticate": "Bearer"}
            return await problems.make_response(401, access.API_REFUSAL, headers)(scope, receive, send)
        scope.setdefault("state", {})["owner"] = owner
        await self._app(scope, receive, send)


async def get_caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    """Returns the owner of the request's token, which `ApiTokenGuard` has checked."""
    owner: str = request.state.owner
    return owner


Caller = Annotated[str, Depends(get_caller)]


async def run_in_thread(owner: str, work: Callable[[], T]) -> T:
    """Runs blocking work for an owner in a thread, and returns its result.

    Each owner may use only a part of the threads, so many requests of one owner do not block others.
    """

    def run() -> T:
        with owners.acting_as(owner):
            return work()

    async with _owner_limiters.setdefault(owner, anyio.CapacityLimiter(_MAX_OWNER_THREADS)):
        return await to_thread.run_sync(run, limiter=_limiter, abandon_on_cancel=True)
