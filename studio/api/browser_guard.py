"""Browser security: response headers, and the origins whose pages may send requests."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems
from studio.core import access

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
        api_prefix: the path prefix of the API, where refusals are problem details.
        api_origins: origins whose pages may call the API.
        page_origins: origins that may open the WebSockets of pages, for a proxy that changes the host.
    """

    def __init__(
        self,
        app: ASGIApp,
        api_prefix: str,
        api_origins: Collection[str] = (),
        page_origins: Collection[str] = (),
    ):
        self._app, self._api_prefix = app, api_prefix
        self._callers, self._pages = _parse_origins(api_origins), _parse_origins(page_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds 403 to pages of other sites, else as the app does, with security headers."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        is_api = scope["path"].startswith(self._api_prefix)
        if _is_allowed(scope, self._callers if is_api else self._pages):
            return await self._app(scope, receive, send_with_headers)
        if scope["type"] == "websocket":  # closing before accepting gives the browser a 403
            return await send({"type": "websocket.close", "code": 1008})
        refusal = (
            problems.make_response(403, _FOREIGN_API_CALL)
            if is_api
            else PlainTextResponse(_FOREIGN_PAGE, 403)
        )
        await refusal(scope, receive, send_with_headers)


def _add_headers(headers: MutableHeaders) -> None:
    """Adds the security headers of a response."""
    # Append it, because several policies can apply. 'self' allows the frames of the studio's own pages.
    headers.append("content-security-policy", "frame-ancestors 'self'")
    headers["x-content-type-options"] = "nosniff"
    headers.setdefault("referrer-policy", "same-origin")


def _is_allowed(scope: Scope, allowed: Collection[tuple[str, str, int]]) -> bool:
    """Returns whether a request has no origin, the studio's own, or an allowed one."""
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if not origins:
        return True
    origin = _parse_origin(origins[0]) if len(origins) == 1 else None
    if origin is None:
        return False
    own_scheme: str = _HTTP_SCHEMES.get(scope["scheme"]) or scope["scheme"]
    proxy_scheme = access.read_proxy_scheme(HTTPConnection(scope)) or own_scheme
    host = headers.get("host", "")
    return origin in allowed or origin in {
        _parse_origin(f"{scheme}://{host}") for scheme in (own_scheme, proxy_scheme)
    }


def _parse_origins(texts: Collection[str]) -> set[tuple[str, str, int]]:
    return {origin for name in texts if (origin := _parse_origin(name)) is not None}


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
