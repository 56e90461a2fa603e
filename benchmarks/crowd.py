"""Twenty users at once: response times of pages, and memory of the server.

    python -m benchmarks.crowd [--json] [--people 20] [--minutes 5]

A studio for many (STUDIO_USERS=many) is started as a user starts it, in STUDIO_HOME, whose weights it uses.
Each user opens a page every few seconds, and every third one also starts a small job on the style page. All
but one are clients without a browser, because twenty browsers on the server's machine would take most of its
time. For them a page has answered when its script has finished; in the one real browser, when its title is
visible.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psutil

from benchmarks.report import make_parser, note, print_figures
from benchmarks.servers import CHROMIUM, FLAGS, run_studio
from studio.core import paths

PAGES = {
    "/": "Creative AI Studio",
    "/dream": "Dream",
    "/faces": "Faces",
    "/text": "Text",
    "/classify": "Classify",
    "/tune": "Tune",
    "/gallery": "Gallery",
    "/health": "Health",
}
JOB_PATH = "/style?mode=Draft&size=128&steps=2"
PAUSE_SECONDS = (2.0, 8.0)  # between two pages
TIMEOUT_SECONDS = 60.0


class Crowd:
    """The users of a studio, and what they measured.

    Args:
        address: of the studio.
        seed: of the pages and pauses of each user.
    """

    def __init__(self, address: str, seed: int = 0):
        self.address, self.seed = address, seed
        self.waits: list[float] = []
        self.browser_waits: list[float] = []  # seconds in the real browser
        self.faults: list[str] = []
        self.jobs = 0

    async def visit_pages(self, number: int, until: float) -> None:
        """Acts as a user without a browser until a point in time; each visit is a separate connection."""
        rng = random.Random(self.seed * 1000 + number)
        if number % 3 == 0:
            await self._visit(JOB_PATH, start=True)
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
            await self._visit(rng.choice(list(PAGES)))

    async def _visit(self, path: str, start: bool = False) -> None:
        name, _, query = path.strip("/").partition("?")
        began = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), open_session(self.address) as studio:
                deltas = await studio.run(name, query)
                if any(is_fault(delta) for delta in deltas):
                    self.faults.append(f"{path}: an exception")
                self.waits.append(time.monotonic() - began)
                if start:
                    await studio.run(name, query, pressed=find_button(deltas, "Start"))
                    self.jobs += 1
        except Exception as error:
            self.faults.append(f"{path}: {type(error).__name__} {error}")

    async def visit_in_browser(self, browser: Any, until: float) -> None:
        """Acts as a user with a browser."""
        rng = random.Random(self.seed)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        while time.monotonic() < until:
            await asyncio.sleep(rng.uniform(*PAUSE_SECONDS))
            path = rng.choice(list(PAGES))
            began = time.monotonic()
            try:
                await page.goto(self.address + path, timeout=1000 * TIMEOUT_SECONDS)
                title = page.get_by_role("heading", name=PAGES[path], exact=True).first
                await title.wait_for(timeout=1000 * TIMEOUT_SECONDS)
                self.browser_waits.append(time.monotonic() - began)
            except Exception as error:
                self.faults.append(f"{path} in a browser: {type(error).__name__}")


class Session:
    """A tab's connection to a studio."""

    def __init__(self, socket: Any):
        self._socket = socket

    async def run(self, page: str, query: str, pressed: str = "") -> list[Any]:
        """Runs a page, optionally with a pressed button; returns the deltas."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        request = BackMsg()
        request.rerun_script.page_name, request.rerun_script.query_string = page, query
        if pressed:
            widget = request.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = pressed, True
        await self._socket.send(request.SerializeToString())
        deltas = []
        while True:
            message = ForwardMsg.FromString(await self._socket.recv())
            if message.HasField("delta"):
                deltas.append(message.delta)
            if message.HasField("script_finished"):
                return deltas


@contextlib.asynccontextmanager
async def open_session(address: str) -> AsyncIterator[Session]:
    """Opens a tab and closes it."""
    from websockets.asyncio.client import connect

    url = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with connect(url, origin=address, max_size=None, subprotocols=["streamlit"]) as socket:
        yield Session(socket)


def is_fault(delta: Any) -> bool:
    """Returns whether a page shows an exception."""
    return delta.new_element.WhichOneof("type") == "exception"


def find_button(deltas: Sequence[Any], label: str) -> str:
    """Returns the id of the button with this label."""
    return next(d.new_element.button.id for d in deltas if d.new_element.button.label == label)


async def run_users(crowd: Crowd, process: subprocess.Popen, people: int, seconds: float) -> list[int]:
    """Runs all users at once until the time is over. Returns the memory of the server, in bytes."""
    from playwright.async_api import async_playwright

    sizes: list[int] = []
    recording = asyncio.create_task(record_memory(process, sizes))
    until = time.monotonic() + seconds
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        users = [crowd.visit_pages(number, until) for number in range(people - 1)]
        await asyncio.gather(crowd.visit_in_browser(browser, until), *users)
        await browser.close()
    recording.cancel()
    return sizes


async def record_memory(process: subprocess.Popen, sizes: list[int]) -> None:
    """Records the server's memory once per second."""
    while process.poll() is None:
        sizes.append(psutil.Process(process.pid).memory_info().rss)
        await asyncio.sleep(1)


def measure_crowd(people: int, minutes: float) -> dict[str, object]:
    """Starts a studio, runs the users, and returns the figures."""
    weights = paths.ensure_folder("weights")
    with run_studio(weights, STUDIO_USERS="many") as (address, process):
        crowd = Crowd(address)
        note(f"{people} people for {minutes:g} minutes")
        sizes = asyncio.run(run_users(crowd, process, people, 60 * minutes))
    waits = sorted(crowd.waits)
    for fault in crowd.faults[:10]:
        note(fault)
    return {
        "pages asked for": len(waits) + len(crowd.browser_waits) + len(crowd.faults),
        "that did not answer": len(crowd.faults),
        "jobs started": crowd.jobs,
        "seconds to an answer, median": waits[len(waits) // 2],
        "seconds to an answer, 95 of 100": waits[int(0.95 * len(waits))],
        "seconds to an answer, longest": waits[-1],
        "in a browser, seconds until the title is seen, median": statistics.median(crowd.browser_waits),
        "the server's memory at most, MB": max(sizes) / 1e6,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__, quick="--people 2 --minutes 0.1")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    args = parser.parse_args(argv)
    print_figures(measure_crowd(args.people, args.minutes), args.json)


if __name__ == "__main__":
    main()
