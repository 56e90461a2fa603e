"""A real server and headless Chromium from Debian, for the browser tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import tiny_language_model
from waiting import TIMEOUT_SECONDS, wait_until

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
    shutil.copytree(weights_cache, home / "weights")
    return home


@pytest.fixture(scope="package")
def server(server_home):
    """The address of a studio that was started as a user starts it."""
    with serve_studio(server_home) as address:
        yield address


@contextmanager
def serve_studio(home, program=("-m", "streamlit"), **environment):
    """Serves a studio and yields its address; `server.log` and `server.pid` are in its home."""
    port = _free_port()
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
        for page in (page for context in open_browser.contexts for page in context.pages):
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


@pytest.fixture
def tab(browser, server):
    """Opens an address in a new tab: `tab("/style?mode=Fine")`; fails on errors of the page."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    faults: list[str] = []

    def tab(address: str = "/"):
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_SECONDS * 1000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server + address)
        # A new browser loads the style tiles last, and until then elements move under a click.
        page.locator('[data-testid="stHtml"] style').first.wait_for(state="attached")
        return page

    yield tab
    context.close()
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
