"""Access to the studio: open to this machine or, with STUDIO_TOKEN=on, only with its token.

Like Jupyter's, the token is new at each start and only printed to the terminal. The first visit turns it into
a cookie and removes it from the URL, so shared links do not contain it.
"""

from __future__ import annotations

import hmac
import html
import os
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from studio.core import tokens
from studio.core.errors import invalid

TOKEN_VARIABLE, TOKEN_PARAMETER = "STUDIO_TOKEN", "token"  # of the environment, and of the URL
PAGE_REFUSAL = (
    "This studio asks for a token. Open the full address that it printed in its terminal when it "
    f"started, with ?{TOKEN_PARAMETER}= at its end."
)
API_REFUSAL = (
    "This address asks for the studio's token. Send it as `Authorization: Bearer TOKEN`; "
    "`studio token` prints it where the studio runs."
)
_NO_STORE = {"cache-control": "no-store"}
_REDIRECT_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>Studio</title>'
    '<meta http-equiv="refresh" content="0; url={}">'
)


def create_token() -> str:
    """Returns a random token; "" if STUDIO_TOKEN is off.

    Raises:
        InvalidInput: if STUDIO_TOKEN is neither on nor off, so a typo cannot leave the studio open.
    """
    mode = os.environ.get(TOKEN_VARIABLE) or "off"
    if mode not in ("on", "off"):
        step = "write on: the studio then makes a token of its own and prints it"
        raise invalid(TOKEN_VARIABLE, expected="on or off", received="another word", next_step=step)
    return secrets.token_urlsafe(32) if mode == "on" else ""


def read_proxy_scheme(request: HTTPConnection) -> str:
    """Returns the scheme with which the proxy in front was called; "" if it says none."""
    return request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()


def is_encrypted(request: HTTPConnection) -> bool:
    """Returns whether the browser uses TLS, also where only a proxy in front of the studio does."""
    return "https" in (request.scope["scheme"], read_proxy_scheme(request))


class TokenGuard:
    """Refuses every request to an ASGI app, including WebSockets and uploads, without the token.

    Args:
        app: the app to protect.
        token: the token that URL or cookie must contain.
        api_prefix: the path prefix of the API, where tokens of owners are also accepted; "" for none.
    """

    def __init__(self, app: Any, token: str, api_prefix: str = ""):
        self._app, self._token, self._api_prefix = app, token.encode(), api_prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Responds as the app does, 403 without the token, or with a cookie to a page opened with it."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        request = HTTPConnection(scope)
        query_token, cookie_token = (
            request.query_params.get(TOKEN_PARAMETER),
            request.cookies.get(_cookie_name(scope)),
        )
        if not (
            self._is_valid_token(query_token)
            or self._is_valid_token(cookie_token)
            or self._is_api_client(request)
        ):
            return await _refuse(scope, receive, send, self._api_prefix)
        # Only browsers, which ask for a page, get the cookie. Scripts get the file directly.
        if query_token is not None and "text/html" in request.headers.get("accept", ""):
            return await self._make_cookie_page(request)(scope, receive, send)
        await self._app(scope, receive, send)

    def _is_api_client(self, request: HTTPConnection) -> bool:
        """Returns whether a request to the API has a valid token of an owner."""
        is_api_path = bool(self._api_prefix) and request.scope["path"].startswith(self._api_prefix)
        return is_api_path and _has_owner_token(request)

    def _is_valid_token(self, token: str | None) -> bool:
        return token is not None and hmac.compare_digest(token.encode(), self._token)

    def _make_cookie_page(self, request: HTTPConnection) -> HTMLResponse:
        """Returns a page that sets the cookie and opens the same URL without the token.

        It is a page instead of a 303 redirect: after a link from another site, browsers send a strict
        cookie only with requests of the studio's own page.
        """
        secure = "; Secure" if is_encrypted(request) else ""
        cookie = (
            f"{_cookie_name(request.scope)}={self._token.decode()}; Path=/; HttpOnly; SameSite=Strict{secure}"
        )
        query = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != TOKEN_PARAMETER])
        # Use a single slash: a URL that begins with two would name another host.
        address = "/" + quote(request.scope["path"].lstrip("/")) + (f"?{query}" if query else "")
        headers = {"set-cookie": cookie, "referrer-policy": "no-referrer"}
        return HTMLResponse(_REDIRECT_PAGE.format(html.escape(address)), headers=_NO_STORE | headers)


def _has_owner_token(request: HTTPConnection) -> bool:
    """Returns whether a request has a valid token of an owner."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and bool(token) and tokens.find_owner(token) is not None


def _cookie_name(scope: Any) -> str:
    """Returns the name of the cookie. It contains the port, because browsers share cookies among ports."""
    return f"studio_token_{(scope.get('server') or ('', ''))[1]}"


async def _refuse(scope: Any, receive: Any, send: Any, api_prefix: str) -> None:
    """Responds 403 to a browser, and 401 with an RFC 9457 problem to a client of the API."""
    if scope["type"] == "websocket":  # closing before accepting gives the browser a 403
        await send({"type": "websocket.close", "code": 1008})
        return
    if api_prefix and scope["path"].startswith(api_prefix):
        problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": API_REFUSAL}
        headers = _NO_STORE | {"www-authenticate": "Bearer"}
        refusal: Response = JSONResponse(problem, 401, headers, "application/problem+json; charset=utf-8")
    else:
        refusal = PlainTextResponse(PAGE_REFUSAL, 403, _NO_STORE)
    await refusal(scope, receive, send)
