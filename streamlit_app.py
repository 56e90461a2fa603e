"""The server: `streamlit run` in this folder serves the pages and the HTTP API and starts the engine."""

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

CLEANUP_SECONDS = 3600.0
SHARED_MODULES = ("pandas", "pyarrow", "altair", "pages.parts")
log = logging.getLogger("studio.pages")
OWNER_COOKIE = "studio_owner"  # pages/widgets/owners.py reads it
API_PREFIX = "/api/v1"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
HEAD_SCRIPT = Path(__file__).parent / "pages" / "widgets" / "head.js"


class OwnerCookie:
    """Gives each browser a random owner name, which keeps the visitors of a shared studio apart."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        """Sets the cookie if a page is requested without one."""
        if (
            scope["type"] != "http"
            or _has_cookie(scope)
            or scope.get("path", "").startswith(f"{API_PREFIX}/")
        ):
            return await self._app(scope, receive, send)

        async def send_with_cookie(message):
            if message["type"] == "http.response.start":
                secure = "; Secure" if access.is_encrypted(HTTPConnection(scope)) else ""
                options = f"Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}"
                cookie = f"{OWNER_COOKIE}={secrets.token_urlsafe(24)}; {options}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _has_cookie(scope):
    return OWNER_COOKIE in HTTPConnection(scope).cookies  # parses them as Streamlit does


@asynccontextmanager
async def lifespan(_app):
    """Starts the engine without waiting for it, and ends its processes when the server ends."""
    idle_connections.close_idle()
    os.umask(0o077)  # other accounts of this machine cannot read what the server writes
    engine_connection = engine.connect()
    await asyncio.to_thread(import_shared_modules)
    await asyncio.to_thread(create_api_token)
    if TOKEN:
        sys.stdout.write(
            f"  Full address with your token: {build_address()}?{access.TOKEN_PARAMETER}={TOKEN}\n\n"
        )
        sys.stdout.flush()
    cleanup = asyncio.create_task(clean_up_regularly()) if is_shared() else None
    try:
        yield
    finally:
        if cleanup is not None:
            cleanup.cancel()
        await asyncio.to_thread(engine_connection.close)


def import_shared_modules():
    """Imports the modules that all pages share, before the first page is requested.

    Packages look for pandas in `sys.modules`. A tab that found it half-imported by another tab failed.
    """
    for name in SHARED_MODULES:
        importlib.import_module(name)


async def clean_up_regularly():
    """Removes the files of owners that no longer exist, once an hour."""
    while True:
        try:
            await asyncio.to_thread(owners.remove_absent)
        except Exception:  # it is tried again in an hour
            log.exception("nothing could be tidied up")
        await asyncio.sleep(CLEANUP_SECONDS)


def is_shared():
    """Returns whether several users share this studio."""
    return os.environ.get("STUDIO_USERS", "one") != "one"


def create_api_token():
    """Creates the API token at the first start. An error is only logged, because the pages need no token."""
    try:
        tokens.ensure_own()
    except (OSError, StudioError):
        log.exception("the token for programs could not be written")


def build_address():
    """Returns the URL of this server for a browser on this machine."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    host = st.get_option("server.address")
    host = "localhost" if host in (None, "0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{scheme}://{host}:{st.get_option('server.port')}/{path}"


def read_or_exit(read):
    """Returns what `read` returns. Ends the server if it raises an error, which names the wrong setting."""
    try:
        return read()
    except StudioError as error:
        sys.exit(f"error: {error}")


def build_routes():
    """Returns the routes beyond Streamlit's own: the API, and the HTML of each page."""
    base = read_base_path()
    page_routes = [Route(path, serve_page) for path in (f"{base}/", base + "/{page:page}")]
    return [MultilineMount(build_api_path(), api.create_api(read_or_exit(api.read_origins))), *page_routes]


class PageConvertor(StringConvertor):
    """Matches the path of a page, which has no dot as files do."""

    regex = "[A-Za-z0-9-]+"


register_url_convertor("page", PageConvertor())


def serve_page(_request):
    """Returns Streamlit's HTML with the script of its head."""
    html = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    script = HEAD_SCRIPT.read_text("utf-8")
    html = html.replace("<head>", f"<head><script>{script}</script>", 1)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


class MultilineMount(Mount):
    """A mount that also matches paths with a line break, which Starlette's does not."""

    def __init__(self, path, app):
        super().__init__(path, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def build_api_path():
    """Returns the path of the API."""
    return read_base_path() + API_PREFIX


def read_base_path():
    """Returns the prefix of every path: "" or "/base"."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def get_file_manager():
    """Returns Streamlit's manager of uploaded files, which exists once the server runs."""
    return get_instance().uploaded_file_mgr


def show_error(error):
    """Shows an error that a page did not catch as one sentence."""
    from pages.widgets import page_errors  # which needs a running server

    return page_errors.show_error(error)


def build_middleware(token=""):
    """Returns the middleware of pages and API: guards against other sites, host names, token, cookie.

    Without the check of host names, a foreign page could let its own name resolve to this machine and read
    the studio as if from its own site (DNS rebinding). A server open to a network has names of its own.

    Args:
        token: the required access token; "" for none.
    """
    api_prefix = f"{build_api_path()}/"
    pages, origins = st.get_option("server.corsAllowedOrigins") or [], read_or_exit(api.read_origins)
    outer_guards = [
        Middleware(guards.UnreadBodyGuard),
        Middleware(BrowserGuard, api_prefix=api_prefix, api_origins=origins, page_origins=pages),
    ]
    upload_path = f"{read_base_path()}{page_uploads.PATH}"
    request_guards = [
        Middleware(guards.BodyRateLimit),
        Middleware(
            page_uploads.PageUploads,
            path=upload_path,
            get_file_manager=get_file_manager,
            owner_cookie=OWNER_COOKIE if is_shared() else "",
        ),
    ]
    if token:
        request_guards.append(Middleware(access.TokenGuard, token=token, api_prefix=api_prefix))
    if is_shared():
        # Not headless, Streamlit would let visitors behind a local proxy write into the studio's folder.
        config.set_option("server.headless", True)
        return [*outer_guards, *request_guards, Middleware(OwnerCookie)]
    if st.get_option("server.address") not in (None, "localhost", "127.0.0.1", "::1"):
        return [*outer_guards, *request_guards]
    return [
        *outer_guards,
        Middleware(guards.HostGuard, hosts=LOCAL_HOSTS, api_prefix=api_prefix),
        *request_guards,
    ]


TOKEN = read_or_exit(access.create_token)
app = st.App(
    "pages/frame.py",
    lifespan=lifespan,
    routes=build_routes(),
    middleware=build_middleware(TOKEN),
    on_script_error=show_error,
)
