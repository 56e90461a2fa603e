"""Who calls: the token says for whom the work is done, in threads that pages do not need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import anyio
from anyio import to_thread
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from studio.core import access, owners, tokens

T = TypeVar("T")
_THREADS = 48  # Streamlit has its own, which answers that take long must not use up
_limiter = anyio.CapacityLimiter(_THREADS)
_bearer = HTTPBearer(auto_error=False, description="What `studio token` prints on the machine of the studio.")


async def caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    """Whose token the request bears. Answers 401 for one that is nobody's."""
    owner = await to_thread.run_sync(tokens.owner_of, given.credentials, limiter=_limiter) if given else None
    if owner is None:
        raise HTTPException(401, access.NO_TOKEN, {"WWW-Authenticate": "Bearer"})
    request.state.owner = owner
    return owner


Caller = Annotated[str, Depends(caller)]


async def aside(owner: str, work: Callable[[], T]) -> T:
    """The result of work that waits or reads, done for an owner in a thread."""

    def run() -> T:
        with owners.asking(owner):
            return work()

    return await to_thread.run_sync(run, limiter=_limiter, abandon_on_cancel=True)
