"""A real server and headless Chromium from Debian, for the browser tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import tiny_language_model
from ports import find_free_port
from waiting import TIMEOUT_SECONDS, wait_until

from ..conftest import link_weights

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream=fps=5",  # drawing 20 images per second would take a core
    "--use-fake-ui-for-media-stream",
    "--js-flags=--always-sparkplug",  # the scripts of a new page run once: a seventh less time
]
PHONE = {"width": 390, "height": 844}  # px
MAX_LOG_CHARACTERS = 1_500  # characters of the server's output
STACK_LINE = r'([^/"]+)", line (\d+) in (\S+)'  # in the output of faulthandler
SITE_FOLDER = str(Path(__file__).parent / "stack_traces")  # its sitecustomize.py prints stack traces


@pytest.fixture(scope="package")
def browser():
    """Headless Chromium; skips the test without it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright; pip install '.[dev]'")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; apt-get install chromium, or set STUDIO_CHROMIUM")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def server_home(weights_cache, tmp_path_factory):
    """The server's STUDIO_HOME, with all weights."""
    home = tmp_path_factory.mktemp("browser-home")
    link_weights(weights_cache, home)
    return home


@pytest.fixture(scope="package")
def server(server_home):
    """The address of a studio that was started as a user starts it."""
    with serve_studio(server_home) as address:
        yield address


@contextmanager
def serve_studio(home, program=("-m", "streamlit"), **environment):
    """Serves a studio and yields its address; `server.log` and `server.pid` are in its home."""
    port = find_free_port()
    words = [sys.executable, *program, "run", "--server.headless=true", f"--server.port={port}"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ | {"STUDIO_HOME": str(home), "PYTHONPATH": SITE_FOLDER} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        (home / "server.pid").write_text(str(process.pid), "ascii")
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the text of open pages to the report of a failed test."""
    report = yield
    open_browser = item.funcargs.get("browser")
    if report.when == "call" and report.failed and open_browser is not None:
        pages = [page for context in open_browser.contexts for page in context.pages]
        for page in (page for page in pages if page.url != "about:blank"):
            report.sections.append((f"What {page.url} said", _read_page(page)))
        if home := item.funcargs.get("server_home"):
            report.sections.append(("What the server was at", _read_server_state(home / "server.log")))
    return report


def _read_page(page) -> str:
    """Returns the text of a page in few lines, and whether it is still running."""
    try:
        states = page.get_by_test_id("stApp").evaluate("app => ({...app.dataset})", timeout=10_000)
        parts = [page.get_by_test_id(part) for part in ("stMain", "stSidebar")]
        texts = (part.inner_text(timeout=10_000) for part in parts if part.count())
        return "\n".join((str(states), *(" ".join(text.split()) for text in texts)))
    except Exception as error:  # the page crashed; the failure of the test matters more
        return repr(error)


def _read_server_state(log: Path) -> str:
    """Returns the end of a server's log and the stack traces of its script threads."""
    printed = log.stat().st_size
    with suppress(OSError):  # a server that has ended writes nothing more
        os.kill(int(log.with_suffix(".pid").read_text("ascii")), signal.SIGUSR1)
        time.sleep(2)
    content = log.read_bytes()
    threads = content[printed:].decode("utf-8", "replace").split("\n\n")
    calls = [re.findall(STACK_LINE, thread) for thread in threads if "/pages/" in thread]
    lines = [" < ".join(":".join(call) for call in thread) for thread in calls]
    return "\n".join((content[:printed].decode("utf-8", "replace")[-MAX_LOG_CHARACTERS:], *lines))


@pytest.fixture(scope="package")
def desktop(browser):
    """The context of all tabs of a desktop."""
    context = browser.new_context(accept_downloads=True)
    yield context
    context.close()


@pytest.fixture(scope="package")
def phone(browser):
    """The context of all tabs of a phone with a touch screen."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    yield context
    context.close()


@pytest.fixture
def tab(desktop, server):
    """Opens an address in a tab: `tab("/style?mode=Fine")`; fails on errors of the page."""
    with _open_tabs(desktop, server) as open_tab:

        def tab(address: str = "/", width: int = 1440, height: int = 1000):
            return open_tab(address, {"width": width, "height": height})

        yield tab


@pytest.fixture
def phone_tab(phone, server):
    """Opens an address in a tab of a phone of 390 px with a touch screen; fails on errors of the page."""
    with _open_tabs(phone, server) as open_tab:
        yield lambda address: open_tab(address, PHONE)


@contextmanager
def _open_tabs(context, server):
    """Yields a function that opens an address in a new tab; all other tabs are empty at that time.

    The first tab of a test is the first tab of the test before, without its page: a process that has compiled
    the scripts of the studio shows a page in half the time.
    """
    from playwright.sync_api import Error

    faults: list[str] = []
    tabs = []

    def note(error) -> None:
        faults.append(str(error))

    def open_tab(address: str, size: dict[str, int]):
        page = context.pages[0] if context.pages and not tabs else context.new_page()
        tabs.append(page)
        page.set_default_timeout(TIMEOUT_SECONDS * 1000)
        page.on("pageerror", note)
        page.set_viewport_size(size)
        page.goto(server + address)
        # A new browser loads the style tiles last, and until then elements move under a click.
        page.locator('[data-testid="stHtml"] style').first.wait_for(state="attached")
        return page

    yield open_tab
    context.clear_permissions()
    for page in tabs[1:]:
        page.close()
    for page in tabs[:1]:
        page.remove_listener("pageerror", note)
        try:
            page.mouse.move(0, 0)  # where it points to nothing in the next page
            page.goto("about:blank")  # a page that stays open keeps its server busy
        except Error:  # it crashed
            page.close()
    assert not faults


@pytest.fixture(scope="package")
def axe():
    """The script of axe-core, from its Python package."""
    package = pytest.importorskip("axe_playwright_python", reason="no axe-core; pip install '.[dev]'")
    return (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture
def language_model(server_home):
    """The name of a small language model with random weights on the server."""
    folder = server_home / "presets" / "tiny"
    if not folder.exists():
        tiny_language_model.make(folder)
    return folder.name


@pytest.fixture
def expect():
    """Playwright's assertions, which wait as long as `tab` does."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=TIMEOUT_SECONDS * 1000)
    return sync_api.expect


def _wait_until_healthy(address: str, process: subprocess.Popen) -> None:
    def is_healthy() -> bool:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            assert error.code == 403  # the server requires a token
            return True
        except OSError:
            return False

    wait_until(is_healthy, pause=0.1)
