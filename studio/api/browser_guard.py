"""Browser security: response headers, and the origins whose pages may send requests."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems

_FOREIGN_API_CALL = (
    "A page of another site may not call this studio. Name that site in STUDIO_API_ORIGINS where the studio "
    "runs."
)
_FOREIGN_PAGE = "A page of another site may not use this studio. Open the studio's own address."
_PORTS = {"http": 80, "https": 443}
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}


class BrowserGuard:
    """Keeps other sites from framing the studio and from sending requests to its pages and its API.

    Browsers send the origin of the requesting page. Other programs do not; they are checked by token.
    Origins are equal if scheme, host and port are, so another port of this machine is another site. The
    `X-Forwarded-Proto` header of a proxy counts as the scheme, because pages cannot set it on other sites.

    Args:
        app: the server's app.
        programs: the path prefix of the API, where refusals are problem details.
        callers: origins whose pages may call the API.
        pages: origins that may open the WebSockets of pages, for a proxy that changes the host.
    """

    def __init__(
        self, app: ASGIApp, programs: str, callers: Collection[str] = (), pages: Collection[str] = ()
    ):
        self._app, self._programs = app, programs
        self._callers, self._pages = _parse_origins(callers), _parse_origins(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds 403 to pages of other sites, else as the app does, with security headers."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        is_program = scope["path"].startswith(self._programs)
        if _is_allowed(scope, self._callers if is_program else self._pages):
            return await self._app(scope, receive, send_with_headers)
        if scope["type"] == "websocket":  # closing before accepting gives the browser a 403
            return await send({"type": "websocket.close", "code": 1008})
        refusal = (
            problems.make_response(403, _FOREIGN_API_CALL) if is_program else PlainTextResponse(_FOREIGN_PAGE, 403)
        )
        await refusal(scope, receive, send_with_headers)


def _add_headers(headers: MutableHeaders) -> None:
    # Append it, because several policies can apply. 'self' allows the frames of the studio's own pages.
    headers.append("content-security-policy", "frame-ancestors 'self'")
    headers["x-content-type-options"] = "nosniff"
    headers.setdefault("referrer-policy", "same-origin")


def _is_allowed(scope: Scope, allowed: Collection[tuple[str, str, int]]) -> bool:
    headers = Headers(scope=scope)
    claimed = headers.getlist("origin")
    if not claimed:
        return True
    origin = _parse_origin(claimed[0]) if len(claimed) == 1 else None
    if origin is None:
        return False
    own: str = _HTTP_SCHEMES.get(scope["scheme"]) or scope["scheme"]
    proxied = (headers.get("x-forwarded-proto") or own).partition(",")[0].strip().lower()
    host = headers.get("host", "")
    return origin in allowed or origin in {_parse_origin(f"{scheme}://{host}") for scheme in (own, proxied)}


def _parse_origins(named: Collection[str]) -> set[tuple[str, str, int]]:
    return {origin for name in named if (origin := _parse_origin(name)) is not None}


def _parse_origin(text: str) -> tuple[str, str, int] | None:
    """Returns scheme, host and port of an origin; None for anything else, such as "null"."""
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
