"""A real server and a real browser: Debian's Chromium, driven headless."""

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
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
LAST_WORDS = 1_500  # characters of what a server printed
CALL = r'([^/"]+)", line (\d+) in (\S+)'  # in what faulthandler prints
ASKED = str(Path(__file__).parent / "asked")  # what lies there lets a process tell where it is
PATIENCE = 240  # seconds; first runs on a busy machine are slow, and no test measures time


@pytest.fixture(scope="package")
def browser():
    """Headless Chromium; skipped where there is none."""
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
    """The address of a studio, started as a user starts it."""
    with serving(server_home) as address:
        yield address


@contextmanager
def serving(home, **environment):
    """Serves a studio and gives its address; its home has what it prints, `server.log`, and `server.pid`."""
    port = _free_port()
    words = [sys.executable, "-m", "streamlit", "run", "--server.headless=true", f"--server.port={port}"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ | {"STUDIO_HOME": str(home), "PYTHONPATH": ASKED} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        (home / "server.pid").write_text(str(process.pid), "ascii")
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds what the pages said to the report of a test that failed, while they are still open."""
    report = yield
    opened = item.funcargs.get("browser")
    if report.when == "call" and report.failed and opened is not None:
        for page in (page for context in opened.contexts for page in context.pages):
            report.sections.append((f"What {page.url} said", _said(page)))
        if home := item.funcargs.get("server_home"):
            report.sections.append(("What the server was at", _was_at(home / "server.log")))
    return report


def _said(page) -> str:
    """Its words, as few lines as they take, those of the page itself first; and whether it still works."""
    try:
        states = page.get_by_test_id("stApp").evaluate("app => ({...app.dataset})", timeout=10_000)
        parts = [page.get_by_test_id(part) for part in ("stMain", "stSidebar")]
        told = (part.inner_text(timeout=10_000) for part in parts if part.count())
        return "\n".join((str(states), *(" ".join(text.split()) for text in told)))
    except Exception as error:  # a page that has crashed; the test's own failure is what counts
        return repr(error)


def _was_at(log: Path) -> str:
    """What a server printed, and where its threads are that draw a page, the innermost call first."""
    printed = log.stat().st_size
    with suppress(OSError):  # a server that has ended prints no more
        os.kill(int(log.with_suffix(".pid").read_text("ascii")), signal.SIGUSR1)
        time.sleep(2)
    told = log.read_bytes()
    threads = told[printed:].decode("utf-8", "replace").split("\n\n")
    calls = [re.findall(CALL, thread) for thread in threads if "/pages/" in thread]
    lines = [" < ".join(":".join(call) for call in thread) for thread in calls]
    return "\n".join((told[:printed].decode("utf-8", "replace")[-LAST_WORDS:], *lines))


@pytest.fixture
def tab(browser, server):
    """Opens an address in a tab of its own: `tab("/style?mode=Fine")`; complains about errors of the page."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    faults: list[str] = []

    def tab(address: str = "/"):
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server + address)
        # A new browser fetches what draws styles last: until then tiles lie elsewhere and move under a click.
        page.locator('[data-testid="stHtml"] style').first.wait_for(state="attached")
        return page

    yield tab
    context.close()
    assert not faults


@pytest.fixture
def language_model(server_home):
    """The name of a small language model of random weights that the server has, next to those that ship."""
    folder = server_home / "presets" / "tiny"
    if not folder.exists():
        tiny_language_model.make(folder)
    return folder.name


@pytest.fixture
def expect():
    """Playwright's assertions; they wait for what a page still draws, as patiently as `tab` does."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=PATIENCE * 1000)
    return sync_api.expect


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as refused:
            assert refused.code == 403  # it asks for a token
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer")
