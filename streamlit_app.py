"""The studio's pages: a bare `streamlit run` in this folder serves them, with the engine behind."""

import asyncio
import os
import secrets
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware

from studio import engine

COOKIE = "studio_owner"  # pages/parts/owners.py reads it


class OwnerCookie:
    """Gives each browser a name that cannot be guessed, so that visitors of a shared studio stay apart."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        """Answers as the app does, and sets the cookie where a page is fetched without one."""
        if scope["type"] != "http" or _has_cookie(scope):
            return await self._app(scope, receive, send)

        async def send_with_cookie(message):
            if message["type"] == "http.response.start":
                secure = "; Secure" if scope["scheme"] == "https" else ""
                cookie = (
                    f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
                )
                MutableHeaders(scope=message).append("set-cookie", cookie + secure)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _has_cookie(scope):
    sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return COOKIE in SimpleCookie(sent.decode("latin-1"))


@asynccontextmanager
async def lifespan(app):
    """Starts the engine without waiting for it, and ends all its processes with the server."""
    running = engine.connect()
    try:
        yield
    finally:
        await asyncio.to_thread(running.close)


def tell(error):
    """Shows what a page did not catch as a sentence; imported late, as the parts need a running server."""
    from pages.parts import faults

    return faults.tell(error)


shared = os.environ.get("STUDIO_USERS", "one") != "one"
app = st.App(
    "pages/frame.py",
    lifespan=lifespan,
    middleware=[Middleware(OwnerCookie)] if shared else [],
    on_script_error=tell,
)
