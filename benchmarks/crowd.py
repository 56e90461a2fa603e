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

from benchmarks.report import arguments, note, show
from benchmarks.servers import CHROMIUM, FLAGS, studio
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
JOB = "/style?mode=Draft&size=128&steps=2"
PAUSE = (2.0, 8.0)  # s between two pages
PATIENCE = 60.0  # s


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

    async def person(self, number: int, until: float) -> None:
        """Acts as a user without a browser until a point in time; each visit is a separate connection."""
        draw = random.Random(self.seed * 1000 + number)
        if number % 3 == 0:
            await self._visit(JOB, start=True)
        while time.monotonic() < until:
            await asyncio.sleep(draw.uniform(*PAUSE))
            await self._visit(draw.choice(list(PAGES)))

    async def _visit(self, path: str, start: bool = False) -> None:
        name, _, query = path.strip("/").partition("?")
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE), session(self.address) as studio:
                deltas = await studio.run(name, query)
                if any(is_fault(delta) for delta in deltas):
                    self.faults.append(f"{path}: an exception")
                self.waits.append(time.monotonic() - began)
                if start:
                    await studio.run(name, query, pressed=button(deltas, "Start"))
                    self.jobs += 1
        except Exception as error:
            self.faults.append(f"{path}: {type(error).__name__} {error}")

    async def looker(self, browser: Any, until: float) -> None:
        """Acts as a user with a browser."""
        draw = random.Random(self.seed)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        while time.monotonic() < until:
            await asyncio.sleep(draw.uniform(*PAUSE))
            path = draw.choice(list(PAGES))
            began = time.monotonic()
            try:
                await page.goto(self.address + path, timeout=1000 * PATIENCE)
                title = page.get_by_role("heading", name=PAGES[path], exact=True).first
                await title.wait_for(timeout=1000 * PATIENCE)
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

        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        if pressed:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = pressed, True
        await self._socket.send(message.SerializeToString())
        deltas = []
        while True:
            answer = ForwardMsg.FromString(await self._socket.recv())
            if answer.HasField("delta"):
                deltas.append(answer.delta)
            if answer.HasField("script_finished"):
                return deltas


@contextlib.asynccontextmanager
async def session(address: str) -> AsyncIterator[Session]:
    """Opens a tab and closes it."""
    from websockets.asyncio.client import connect

    url = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with connect(url, origin=address, max_size=None, subprotocols=["streamlit"]) as socket:
        yield Session(socket)


def is_fault(delta: Any) -> bool:
    """Whether a page shows an exception."""
    return delta.new_element.WhichOneof("type") == "exception"


def button(deltas: Sequence[Any], label: str) -> str:
    """Returns the id of the button with this label."""
    return next(d.new_element.button.id for d in deltas if d.new_element.button.label == label)


async def visit(crowd: Crowd, people: int, seconds: float) -> None:
    """Runs all users at once until the time is over."""
    from playwright.async_api import async_playwright

    until = time.monotonic() + seconds
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        others = (crowd.person(number, until) for number in range(people - 1))
        await asyncio.gather(crowd.looker(browser, until), *others)
        await browser.close()


async def watch(process: subprocess.Popen, sizes: list[int]) -> None:
    """Records the server's memory once per second."""
    while process.poll() is None:
        sizes.append(psutil.Process(process.pid).memory_info().rss)
        await asyncio.sleep(1)


async def _both(crowd: Crowd, process: subprocess.Popen, sizes: list[int], people: int, seconds: float):
    watching = asyncio.create_task(watch(process, sizes))
    await visit(crowd, people, seconds)
    watching.cancel()


def run(people: int, minutes: float) -> dict[str, object]:
    """Starts a studio, runs the users, and returns the figures."""
    weights = paths.ensure_folder("weights")
    with studio(weights, STUDIO_USERS="many") as (address, process):
        crowd, sizes = Crowd(address), []
        note(f"{people} people for {minutes:g} minutes")
        asyncio.run(_both(crowd, process, sizes, people, 60 * minutes))
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
    """Runs it."""
    parser = arguments(__doc__, quick="--people 2 --minutes 0.1")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    args = parser.parse_args(argv)
    show(run(args.people, args.minutes), args.json)


if __name__ == "__main__":
    main()
