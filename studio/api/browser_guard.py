"""What browsers are told about every answer, and whose pages may send a request at all."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems

_FOREIGN_PROGRAM = (
    "A page of another site may not call this studio. Name that site in STUDIO_API_ORIGINS where the studio "
    "runs."
)
_FOREIGN_PAGE = "A page of another site may not use this studio. Open the studio's own address."
_PORTS = {"http": 80, "https": 443}
_OF_STREAM = {"ws": "http", "wss": "https"}


class BrowserGuard:
    """Keeps other sites from framing the studio and from sending anything to it, for pages and API alike.

    A browser names the origin of the page that sends a request, other programs do not: their token counts.
    An origin is equal only if scheme, host and port are: another port of this machine is another site.
    `X-Forwarded-Proto` of a proxy counts as the scheme, because no page can set it for another site.

    Args:
        app: all that the server answers.
        programs: how addresses of the API begin; there, refusals are problem details.
        callers: origins whose pages may call the API.
        pages: origins that may open the pages' streams, where a proxy changes the host.
    """

    def __init__(
        self, app: ASGIApp, programs: str, callers: Collection[str] = (), pages: Collection[str] = ()
    ):
        self._app, self._programs = app, programs
        self._callers, self._pages = _origins(callers), _origins(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 403 to a foreign page, else as the app does with the headers for browsers."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        is_program = scope["path"].startswith(self._programs)
        if _is_own(scope, self._callers if is_program else self._pages):
            return await self._app(scope, receive, send_with_headers)
        if scope["type"] == "websocket":  # closed before it is accepted: the browser gets a 403
            return await send({"type": "websocket.close", "code": 1008})
        refusal = (
            problems.response(403, _FOREIGN_PROGRAM) if is_program else PlainTextResponse(_FOREIGN_PAGE, 403)
        )
        await refusal(scope, receive, send_with_headers)


def _add_headers(headers: MutableHeaders) -> None:
    # Several policies hold at once. 'self': parts of a page may be frames of the studio's own.
    headers.append("content-security-policy", "frame-ancestors 'self'")
    headers["x-content-type-options"] = "nosniff"
    headers.setdefault("referrer-policy", "same-origin")


def _is_own(scope: Scope, allowed: Collection[tuple[str, str, int]]) -> bool:
    headers = Headers(scope=scope)
    claimed = headers.getlist("origin")
    if not claimed:
        return True
    origin = _origin(claimed[0]) if len(claimed) == 1 else None
    if origin is None:
        return False
    own: str = _OF_STREAM.get(scope["scheme"]) or scope["scheme"]
    proxied = (headers.get("x-forwarded-proto") or own).partition(",")[0].strip().lower()
    host = headers.get("host", "")
    return origin in allowed or origin in {_origin(f"{scheme}://{host}") for scheme in (own, proxied)}


def _origins(named: Collection[str]) -> set[tuple[str, str, int]]:
    return {origin for name in named if (origin := _origin(name)) is not None}


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None for anything else, such as "null" or a damaged header."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or text.lower() != f"{parts.scheme}://{parts.netloc}".lower()
    ):
        return None
    if parts.username is not None:
        return None
    return parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port
