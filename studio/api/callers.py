"""Who calls: the token says for whom the work is done, in threads that pages do not need.

FastAPI reads a whole body before it asks a dependency who calls; `TokenFirst` asks before that.
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
_THREADS = 48  # Streamlit has its own, which answers that take long must not use up
_MOST_OF_OWNER = 12  # of these threads; more than `/live` and checks of uploads may hold
_limiter = anyio.CapacityLimiter(_THREADS)
_token_limiter = anyio.CapacityLimiter(4)  # who asks is found without waiting for what others have done
_limiters: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()  # of owners that ask now
_bearer = HTTPBearer(auto_error=False, description="What `studio token` prints on the machine of the studio.")


class TokenFirst:
    """Refuses requests without a valid token before a byte of their body is read.

    Args:
        app: the API.
        open_to_all: its paths that need no token.
    """

    def __init__(self, app: ASGIApp, open_to_all: Collection[str]):
        self._app, self._open = app, open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 401 without a token, else as the app does, which finds the owner in the request's state."""
        if scope["type"] != "http" or guards.path_below(scope) in self._open:
            return await self._app(scope, receive, send)
        kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        owner = None
        if kind.lower() == "bearer" and token:
            owner = await to_thread.run_sync(tokens.owner_of, token, limiter=_token_limiter)
        if owner is None:
            headers = {"WWW-Authenticate": "Bearer", **guards.end_of_connection(scope)}
            return await problems.response(401, access.NO_TOKEN, headers)(scope, receive, send)
        scope.setdefault("state", {})["owner"] = owner
        await self._app(scope, receive, send)


async def caller(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    """The owner whose token the request bears, as `TokenFirst` found it."""
    owner: str = request.state.owner
    return owner


Caller = Annotated[str, Depends(caller)]


async def aside(owner: str, work: Callable[[], T]) -> T:
    """The result of work that waits or reads, done for an owner in a thread.

    An owner has a part of the threads at once, so that many requests of one do not keep others waiting.
    """

    def run() -> T:
        with owners.asking(owner):
            return work()

    async with _limiters.setdefault(owner, anyio.CapacityLimiter(_MOST_OF_OWNER)):
        return await to_thread.run_sync(run, limiter=_limiter, abandon_on_cancel=True)
