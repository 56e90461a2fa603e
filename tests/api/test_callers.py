"""Many requests of one owner do not block other owners."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from studio.api import callers


def test_many_requests_of_one_owner_leave_threads_to_others():
    free = threading.Event()

    async def ask() -> str:
        many = [
            asyncio.create_task(callers.run_in_thread("visitor-a", free.wait))
            for _ in range(callers._MAX_THREADS + 1)
        ]
        try:
            return await asyncio.wait_for(callers.run_in_thread("visitor-b", lambda: "answered"), 30)
        finally:
            free.set()
            assert await asyncio.gather(*many) == [True] * len(many)  # owners take turns

    # In a new thread, because a browser driver may keep an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, ask()).result() == "answered"
