"""Who may open the studio: anybody on this machine or, with STUDIO_TOKEN=on, who has its token.

The token is a new one at each start, as Jupyter's is, and is written nowhere but to the terminal. The first
visit turns it into a cookie and takes it out of the address, so that it does not go along with links that are
passed on.
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
    "This studio asks for a token. Open the whole address that it printed in its terminal when it "
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
    """A token that nobody can guess; "" where none is asked for.

    Raises:
        InvalidInput: if STUDIO_TOKEN is neither on nor off: a studio that was to be shut must not be open.
    """
    word = os.environ.get(SETTING) or "off"
    if word not in ("on", "off"):
        step = "write on: the studio then makes a token of its own and prints it"
        raise invalid(SETTING, expected="on or off", received="another word", next_step=step)
    return secrets.token_urlsafe(32) if word == "on" else ""


class TokenAsked:
    """Lets nobody reach an ASGI app, by page, stream, file or upload, who does not have the token.

    Args:
        app: what is behind it.
        token: what the address or the cookie has to hold.
        programs: how addresses begin where other programs ask, each with a token that says for whom. Only
            there does such a token count: pages do not ask for whom. "" for nowhere.
    """

    def __init__(self, app: Any, token: str, programs: str = ""):
        self._app, self._token, self._programs = app, token.encode(), programs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers as the app does, 403 without the token, and a page that is opened with it with a cookie."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        asked = HTTPConnection(scope)
        told, kept = asked.query_params.get(PARAMETER), asked.cookies.get(_cookie(scope))
        if not (self._is(told) or self._is(kept) or self._is_program(asked)):
            return await _refuse(scope, send, self._programs)
        # A script that asks for a file gets it. A user's browser asks for a page.
        if told is not None and "text/html" in asked.headers.get("accept", ""):
            return await self._enter(asked, send)
        await self._app(scope, receive, send)

    def _is_program(self, asked: HTTPConnection) -> bool:
        there = bool(self._programs) and asked.scope["path"].startswith(self._programs)
        return there and _bears_token(asked)

    def _is(self, told: str | None) -> bool:
        return told is not None and hmac.compare_digest(told.encode(), self._token)

    async def _enter(self, asked: HTTPConnection, send: Any) -> None:
        """Sets the cookie and opens the same address without the token.

        A page does that, and not a status of 303: where somebody came by a link of another site, a browser
        keeps a strict cookie back until a page of ours has asked for it.
        """
        secure = "; Secure" if asked.scope["scheme"] == "https" else ""
        cookie = f"{_cookie(asked.scope)}={self._token.decode()}; Path=/; HttpOnly; SameSite=Strict{secure}"
        others = [pair for pair in asked.query_params.multi_items() if pair[0] != PARAMETER]
        # One slash alone: an address that begins with two would name another host.
        there = "/" + quote(asked.scope["path"].lstrip("/")) + (f"?{urlencode(others)}" if others else "")
        headers = {"set-cookie": cookie, "referrer-policy": "no-referrer"}
        await _answer(send, 200, "text/html", _ENTER.format(html.escape(there)), headers)


def _bears_token(asked: HTTPConnection) -> bool:
    """Whether a program asks with a token of its own, which names the owner."""
    kind, _, token = asked.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and bool(token) and tokens.owner_of(token) is not None


def _cookie(scope: Any) -> str:
    """Of each port its own, since browsers do not tell ports apart."""
    return f"studio_token_{(scope.get('server') or ('', ''))[1]}"


async def _refuse(scope: Any, send: Any, programs: str) -> None:
    if scope["type"] == "websocket":  # closed before it was accepted: the browser gets a 403
        await send({"type": "websocket.close", "code": 1008})
        return
    if programs and scope["path"].startswith(programs):
        problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": NO_TOKEN}
        head = {"www-authenticate": "Bearer"}
        return await _answer(send, 401, "application/problem+json", json.dumps(problem), head)
    await _answer(send, 403, "text/plain", NO_ENTRY, {})


async def _answer(send: Any, status: int, kind: str, text: str, headers: dict[str, str]) -> None:
    told = {"content-type": f"{kind}; charset=utf-8", "cache-control": "no-store", **headers}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": text.encode()})
