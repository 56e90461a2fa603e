"""Access to the studio: open to this machine or, with STUDIO_TOKEN=on, only with its token.

Like Jupyter's, the token is new at each start and only printed to the terminal. The first visit turns it into
a cookie and removes it from the URL, so shared links do not contain it.
"""

from __future__ import annotations

import hmac
import html
import json
import os
import secrets
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection

from studio.core import tokens
from studio.core.errors import invalid

SETTING, PARAMETER = "STUDIO_TOKEN", "token"
NO_ENTRY = (
    "This studio asks for a token. Open the full address that it printed in its terminal when it "
    f"started, with ?{PARAMETER}= at its end."
)
NO_TOKEN = (
    "This address asks for the studio's token. Send it as `Authorization: Bearer TOKEN`; "
    "`studio token` prints it where the studio runs."
)
_ENTER = (
    '<!doctype html><meta charset="utf-8"><title>Studio</title>'
    '<meta http-equiv="refresh" content="0; url={}">'
)


def new_token() -> str:
    """Returns a random token; "" if STUDIO_TOKEN is off.

    Raises:
        InvalidInput: if STUDIO_TOKEN is neither on nor off, so a typo cannot leave the studio open.
    """
    word = os.environ.get(SETTING) or "off"
    if word not in ("on", "off"):
        step = "write on: the studio then makes a token of its own and prints it"
        raise invalid(SETTING, expected="on or off", received="another word", next_step=step)
    return secrets.token_urlsafe(32) if word == "on" else ""


class TokenGuard:
    """Refuses every request to an ASGI app, including WebSockets and uploads, without the token.

    Args:
        app: the app to protect.
        token: the token that URL or cookie must contain.
        programs: the path prefix of the API, where tokens of owners also count; "" for none.
    """

    def __init__(self, app: Any, token: str, programs: str = ""):
        self._app, self._token, self._programs = app, token.encode(), programs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Responds as the app does, 403 without the token, or with a cookie to a page opened with it."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        request = HTTPConnection(scope)
        query_token, cookie_token = request.query_params.get(PARAMETER), request.cookies.get(_cookie(scope))
        if not (self._is(query_token) or self._is(cookie_token) or self._is_program(request)):
            return await _refuse(scope, send, self._programs)
        # Only browsers, which ask for a page, get the cookie. Scripts get the file directly.
        if query_token is not None and "text/html" in request.headers.get("accept", ""):
            return await self._enter(request, send)
        await self._app(scope, receive, send)

    def _is_program(self, request: HTTPConnection) -> bool:
        is_program_path = bool(self._programs) and request.scope["path"].startswith(self._programs)
        return is_program_path and _bears_token(request)

    def _is(self, token: str | None) -> bool:
        return token is not None and hmac.compare_digest(token.encode(), self._token)

    async def _enter(self, request: HTTPConnection, send: Any) -> None:
        """Sets the cookie and opens the same URL without the token.

        It sends a page instead of a 303 redirect: after a link from another site, browsers send a strict
        cookie only with requests of the studio's own page.
        """
        secure = "; Secure" if request.scope["scheme"] == "https" else ""
        cookie = f"{_cookie(request.scope)}={self._token.decode()}; Path=/; HttpOnly; SameSite=Strict{secure}"
        others = [pair for pair in request.query_params.multi_items() if pair[0] != PARAMETER]
        # Use a single slash: a URL that begins with two would name another host.
        address = "/" + quote(request.scope["path"].lstrip("/")) + (f"?{urlencode(others)}" if others else "")
        headers = {"set-cookie": cookie, "referrer-policy": "no-referrer"}
        await _answer(send, 200, "text/html", _ENTER.format(html.escape(address)), headers)


def _bears_token(request: HTTPConnection) -> bool:
    """Returns whether a request has a valid token of an owner."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and bool(token) and tokens.owner_of(token) is not None


def _cookie(scope: Any) -> str:
    """Returns the name of the cookie. It contains the port, because browsers share cookies among ports."""
    return f"studio_token_{(scope.get('server') or ('', ''))[1]}"


async def _refuse(scope: Any, send: Any, programs: str) -> None:
    if scope["type"] == "websocket":  # closing before accepting gives the browser a 403
        await send({"type": "websocket.close", "code": 1008})
        return
    if programs and scope["path"].startswith(programs):
        problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": NO_TOKEN}
        head = {"www-authenticate": "Bearer"}
        return await _answer(send, 401, "application/problem+json", json.dumps(problem), head)
    await _answer(send, 403, "text/plain", NO_ENTRY, {})


async def _answer(send: Any, status: int, kind: str, text: str, headers: dict[str, str]) -> None:
    fields = {"content-type": f"{kind}; charset=utf-8", "cache-control": "no-store", **headers}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": text.encode()})
