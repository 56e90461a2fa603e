"""The studio's pages: a bare `streamlit run` in this folder serves them, with the engine behind."""

import asyncio
import importlib
import logging
import os
import re
import secrets
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from streamlit import config, file_util
from streamlit.runtime import get_instance

from studio import engine
from studio.api import app as api
from studio.api import guards, idle_connections, page_uploads
from studio.api.browser_guard import BrowserGuard
from studio.core import access, tokens
from studio.core.errors import StudioError
from studio.gallery import owners

TIDY_SECONDS = 3600.0
SHARED = ("pandas", "pyarrow", "altair", "pages.parts")
log = logging.getLogger("studio.pages")
COOKIE = "studio_owner"  # pages/widgets/owners.py reads it
API = "/api/v1"
HERE = ["localhost", "127.0.0.1", "[::1]"]
# Without it, each page first looks for its server below its own address and logs two 404 in the console.
BASE_URL = "<script>window.__streamlit = {BACKEND_BASE_URL: new URL('./', location.href).href}</script>"


class OwnerCookie:
    """Gives each browser a name that cannot be guessed, so that visitors of a shared studio stay apart."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        """Answers as the app does, and sets the cookie where a page is fetched without one."""
        if scope["type"] != "http" or _has_cookie(scope) or scope.get("path", "").startswith(f"{API}/"):
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
    return COOKIE in HTTPConnection(scope).cookies  # as Streamlit reads them, whatever others stand before


@asynccontextmanager
async def lifespan(_app):
    """Starts the engine without waiting for it, and ends all its processes with the server."""
    idle_connections.close_idle()
    os.umask(0o077)  # what a server writes is for STUDIO_HOME alone
    running = engine.connect()
    await asyncio.to_thread(import_shared)
    await asyncio.to_thread(own_token)
    if TOKEN:
        sys.stdout.write(f"  The whole address, for you alone: {address()}?{access.PARAMETER}={TOKEN}\n\n")
        sys.stdout.flush()
    kept = asyncio.create_task(keep_house()) if is_shared() else None
    try:
        yield
    finally:
        if kept is not None:
            kept.cancel()
        await asyncio.to_thread(running.close)


def import_shared():
    """Imports what pages of several tabs share, before any tab is there.

    Packages look for pandas among the imported modules. While another tab's thread was still importing it,
    they found a half of it, and their page failed.
    """
    for name in SHARED:
        importlib.import_module(name)


async def keep_house():
    """Now and then removes what belongs to nobody any more, in a studio for many alone."""
    while True:
        try:
            await asyncio.to_thread(owners.tidy)
        except Exception:  # what is wrong now may be well in an hour
            log.exception("nothing could be tidied up")
        await asyncio.sleep(TIDY_SECONDS)


def is_shared():
    """Whether many use this studio."""
    return os.environ.get("STUDIO_USERS", "one") != "one"


def own_token():
    """Makes the token for programs at the first start; what keeps it from being written keeps out nobody."""
    try:
        tokens.own()
    except (OSError, StudioError):
        log.exception("the token for programs could not be written")


def address():
    """Where this server is, as a browser on this machine reaches it."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    host = st.get_option("server.address")
    host = "localhost" if host in (None, "0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{scheme}://{host}:{st.get_option('server.port')}/{path}"


def token():
    """The token of this start, "" where none is asked for. Ends the server if that is not clear."""
    try:
        return access.new_token()
    except StudioError as error:
        sys.exit(f"error: {error}")


def routes():
    """What the server answers besides what Streamlit does: the API, and each page's frame."""
    base = base_path()
    frames = [Route(path, frame) for path in (f"{base}/", base + "/{page:page}")]
    return [WholeMount(api_path(), api.create(origins())), *frames]


class PageConvertor(StringConvertor):
    """The address of a page, which is no file."""

    regex = "[A-Za-z0-9-]+"


register_url_convertor("page", PageConvertor())


def frame(_request):
    """Streamlit's own page, which is told where its server is."""
    html = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    told = html.replace("<head>", f"<head>{BASE_URL}", 1)
    return HTMLResponse(told, headers={"Cache-Control": "no-cache"})


def origins():
    """The origins whose pages may call the API. Ends the server if it is not clear whom that is for."""
    try:
        return api.origins()
    except StudioError as error:
        sys.exit(f"error: {error}")


class WholeMount(Mount):
    """A mount that takes all addresses below its path, also those with a line break, as the others do not."""

    def __init__(self, path, app):
        super().__init__(path, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def api_path():
    """Where the API is, which other programs call."""
    return base_path() + API


def base_path():
    """What stands before every path: "" or "/base"."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def held_bytes():
    """How many bytes of uploads wait in memory for the pages that take them."""
    told = get_instance().uploaded_file_mgr.get_stats(()).values()
    return sum(one.byte_length for several in told for one in several)


def tell(error):
    """Shows what a page did not catch as a sentence; imported late, as the parts need a running server."""
    from pages.widgets import page_errors

    return page_errors.show(error)


def middleware(token=""):
    """What stands before pages and API: the guard against other sites, names of this machine, token, cookie.

    Without the check of names, a foreign page could have its own name point to this machine and then read the
    studio as if it were a part of itself (DNS rebinding). Who opens the server to a network picks its names.

    Args:
        token: that is asked for besides; "" for none.
    """
    programs = f"{api_path()}/"
    pages = st.get_option("server.corsAllowedOrigins") or []
    guard = Middleware(BrowserGuard, programs=programs, callers=origins(), pages=pages)
    uploads = f"{base_path()}{page_uploads.PATH}"
    asked = [
        Middleware(guards.BodyRateLimit),
        Middleware(page_uploads.PageUploads, path=uploads, held=held_bytes),
    ]
    if token:
        asked.append(Middleware(access.TokenGuard, token=token, programs=programs))
    if is_shared():
        # Else Streamlit lets visitors who come by a proxy of this machine write into the studio's folder.
        config.set_option("server.headless", True)
        return [guard, *asked, Middleware(OwnerCookie)]
    if st.get_option("server.address") not in (None, "localhost", "127.0.0.1", "::1"):
        return [guard, *asked]
    return [guard, Middleware(guards.HostGuard, hosts=HERE, programs=programs), *asked]


TOKEN = token()
app = st.App(
    "pages/frame.py",
    lifespan=lifespan,
    routes=routes(),
    middleware=middleware(TOKEN),
    on_script_error=tell,
)
