"""The pages: time to the first page and of a rerun, as a browser sees them, and what the server has loaded.

    python -m benchmarks.pages [--json] [--seconds 20]

Starts a studio of its own on a free port with an empty STUDIO_HOME, waits `--seconds` for the workers to be
warm, and drives Debian's Chromium. The first page is timed in a fresh tab, whose own start-up counts too.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import ROOT, arguments, show
from studio.core.process import children

CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
SETTLED = 0.6  # s after a rerun, until the page is quiet
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@contextmanager
def studio(weights: Path | None = None) -> Iterator[tuple[str, float]]:
    """A running studio: its address, and the seconds from the start of the process to its first answer.

    Args:
        weights: the folder of those that it is to have from the start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = children.command("-m", "streamlit", "run", "--server.headless=true", f"--server.port={port}")
    with tempfile.TemporaryDirectory() as home, Path(home, "log").open("wb") as log:
        if weights is not None:
            Path(home, "weights").symlink_to(weights)
        began = time.perf_counter()
        environment = children.environment(STUDIO_HOME=home)
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            while not _answers(f"http://127.0.0.1:{port}/_stcore/health"):
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}", time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def opened(page: Page, address: str, heading: str) -> float:
    """Seconds from the request to the heading on the screen."""
    began = time.perf_counter()
    page.goto(address)
    page.get_by_role("heading", name=heading).first.wait_for()
    return time.perf_counter() - began


# In the page itself: a driver from outside would add its own search through the page, some 70 ms.
_WATCH = """name => {
  const there = () => [...document.querySelectorAll('button')].some(one => one.innerText.includes(name));
  window.taken = new Promise((done, failed) => document.addEventListener('click', () => {
    setTimeout(() => failed(`no ${name} within 30 s`), 30000);
    const clicked = performance.now();
    const seen = new MutationObserver(() => {
      if (!there()) return;
      seen.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - clicked)));
    });
    seen.observe(document.body, {childList: true, characterData: true, subtree: true});
  }, {capture: true, once: true}));
}"""


def rerun(page: Page) -> float:
    """Milliseconds from a click that changes a setting until the button that comes of it is painted."""
    page.evaluate(_WATCH, "Start")
    page.get_by_text("Fine", exact=True).first.click()
    taken = page.evaluate("window.taken")
    page.get_by_text("Instant", exact=True).first.click()
    page.get_by_role("button", name="Start").wait_for(state="detached")
    time.sleep(SETTLED)
    return taken


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--seconds 1")
    parser.add_argument("--seconds", type=float, default=20, help="for the workers to get warm")
    chosen = parser.parse_args(argv)
    figures: dict[str, object] = {}
    with studio() as (address, up), sync_playwright() as driver:
        figures["server answers after, s"] = up
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        figures["very first page, s"] = opened(browser.new_page(), address, "Creative AI Studio")
        time.sleep(chosen.seconds)
        firsts = [opened(browser.new_context().new_page(), address, "Creative AI Studio") for _ in range(5)]
        figures["first page of a new visitor, s"] = statistics.median(firsts)
        page = browser.new_page()
        figures["style page, s"] = opened(page, address + "/style", "Style")
        time.sleep(3)
        figures["a rerun as the browser sees it, ms"] = statistics.median(rerun(page) for _ in range(15))
        browser.close()
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
