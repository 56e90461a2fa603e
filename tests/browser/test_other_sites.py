"""A page of another origin cannot use the studio; here it is another port of this machine."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import TIMEOUT_SECONDS, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN_STREAM = """address => new Promise(tell => {
    const stream = new WebSocket(address, ["streamlit"]);
    stream.onopen = () => tell("open");
    stream.onerror = () => tell("refused");
})"""


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Prints nothing."""


@contextmanager
def _site(folder, body: str):
    """Serves a page with this body as another site; yields its address."""
    (folder / "index.html").write_text(f"<!doctype html><title>Other</title>{body}", "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{other.server_port}/"
        finally:
            other.shutdown()


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context()
    context.set_default_timeout(TIMEOUT_SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


def test_other_sites_cannot_frame_the_studio(page, server, tmp_path):
    refusals = []
    page.on(
        "console",
        lambda message: refusals.append(message.text) if "frame-ancestors" in message.text else None,
    )
    with _site(tmp_path, f"<iframe src='{server}/health'></iframe>") as other:
        page.goto(other)
        wait_until(lambda: page.evaluate("1") and refusals)  # a call lets Playwright handle its events
    assert all("health" not in frame.url for frame in page.frames[1:])


def test_studio_can_frame_itself(page, server):
    page.goto(f"{server}/health")
    page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), { src: '/health' }))")
    page.frame_locator("iframe").get_by_text("This machine").wait_for()


def test_only_pages_of_the_studio_can_open_the_stream(page, server, tmp_path):
    stream = f"{server.replace('http', 'ws')}/_stcore/stream"
    page.goto(f"{server}/health")
    assert page.evaluate(OPEN_STREAM, stream) == "open"
    with _site(tmp_path, "") as other:
        page.goto(other)
        assert page.evaluate(OPEN_STREAM, stream) == "refused"


def test_pages_connect_to_their_server_without_failed_requests(page, server):
    faults = []
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    for address in ("style", "gallery", ""):
        page.goto(f"{server}/{address}")
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Health").click()
        page.get_by_text("This machine").wait_for()
        assert page.url == f"{server}/health"
    page.reload()
    page.get_by_text("This machine").wait_for()
    # The media server drops a replaced image, which the browser may still request.
    assert not [url for url in faults if "/media/" not in url]
