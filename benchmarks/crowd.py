"""Twenty people at once, each in a browser of their own: how soon pages answer, what the server holds.

    python -m benchmarks.crowd [--json] [--people 20] [--minutes 5]

A studio for many (STUDIO_USERS=many) is started as a person starts it, in STUDIO_HOME, whose weights it uses.
Each person goes from page to page with a few seconds between, and every third one also starts a small job on
the style page. A page has answered when its title is there. The browsers run on the same machine and take
most of its time, so that a server of its own answers sooner.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request

import psutil

from benchmarks.report import ROOT, arguments, note, show

CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
PAGES = {
    "/": "Creative AI Studio",
    "/dream": "Dream",
    "/faces": "Faces",
    "/text": "Text",
    "/classify": "Teach",
    "/search": "Search",
    "/gallery": "Gallery",
    "/health": "Health",
}
JOB = "/style?mode=Draft&size=128&steps=2"
PATIENCE = 60_000  # ms


class Crowd:
    """People on the pages of one studio, and what was seen of it.

    Args:
        address: of the studio.
        seed: of where each person goes, and when.
    """

    def __init__(self, address: str, seed: int = 0):
        self.address, self.seed = address, seed
        self.waits: list[float] = []
        self.faults: list[str] = []
        self.jobs = 0

    async def person(self, browser, number: int, until: float) -> None:
        """One person, until a time of the clock."""
        draw = random.Random(self.seed * 1000 + number)
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        try:
            if number % 3 == 0:
                await self._job(page)
            while time.monotonic() < until:
                await asyncio.sleep(draw.uniform(2, 8))
                await self._visit(page, draw.choice(list(PAGES)))
        finally:
            await context.close()

    async def _visit(self, page, path: str) -> None:
        began = time.monotonic()
        try:
            await page.goto(self.address + path, timeout=PATIENCE)
            await page.get_by_role("heading", name=PAGES[path], exact=True).first.wait_for(timeout=PATIENCE)
            self.waits.append(time.monotonic() - began)
        except Exception as error:
            self.faults.append(f"{path}: {type(error).__name__}")

    async def _job(self, page) -> None:
        try:
            await page.goto(self.address + JOB, timeout=PATIENCE)
            await page.get_by_role("button", name="Start", exact=True).click(timeout=PATIENCE)
            await page.wait_for_url("**job=*", timeout=PATIENCE)
            self.jobs += 1
        except Exception as error:
            self.faults.append(f"{JOB}: {type(error).__name__}")


async def visit(crowd: Crowd, people: int, seconds: float) -> None:
    """Lets them all come at once, and go when the time is over."""
    from playwright.async_api import async_playwright

    until = time.monotonic() + seconds
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        await asyncio.gather(*(crowd.person(browser, number, until) for number in range(people)))
        await browser.close()


async def watch(process: subprocess.Popen, sizes: list[int]) -> None:
    """Notes once a second what the server holds."""
    while process.poll() is None:
        sizes.append(psutil.Process(process.pid).memory_info().rss)
        await asyncio.sleep(1)


async def _both(crowd: Crowd, process: subprocess.Popen, sizes: list[int], people: int, seconds: float):
    watching = asyncio.create_task(watch(process, sizes))
    await visit(crowd, people, seconds)
    watching.cancel()


def run(people: int, minutes: float) -> dict[str, object]:
    """Starts a studio, lets so many people at it, and tells what was seen."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", "--server.headless=true", f"--server.port={port}"]
    environment = os.environ | {"STUDIO_USERS": "many"}
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    crowd, sizes = Crowd(f"http://127.0.0.1:{port}"), []
    try:
        _wait(f"{crowd.address}/_stcore/health")
        note(f"{people} people for {minutes:g} minutes")
        asyncio.run(_both(crowd, process, sizes, people, 60 * minutes))
    finally:
        process.terminate()
        process.wait(30)
    waits = sorted(crowd.waits)
    for fault in crowd.faults[:10]:
        note(fault)
    return {
        "pages asked for": len(waits) + len(crowd.faults),
        "that did not answer": len(crowd.faults),
        "jobs started": crowd.jobs,
        "seconds to an answer, median": waits[len(waits) // 2],
        "seconds to an answer, 95 of 100": waits[int(0.95 * len(waits))],
        "seconds to an answer, longest": waits[-1],
        "the server's memory at most, MB": max(sizes) / 1e6,
    }


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the studio did not start")


def main() -> None:
    """Runs it."""
    parser = arguments(__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    asked = parser.parse_args()
    show(run(asked.people, asked.minutes), asked.json)


if __name__ == "__main__":
    main()
