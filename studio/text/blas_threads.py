"""How many cores a product of matrices runs on. Where other work shares the cores, more are not faster.

The threads of a product wait for each other without sleeping; when another program has one of the cores, a
product on two takes a hundred times as long as on one. So texts side by side get a core each, and a single
one uses them together only while the clock says that this is faster.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

TRIED = 8  # steps with each number of cores, before one is chosen
CHOSEN_FOR = 1000  # steps, before they are tried again


def count() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _products() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def limited(cores: int) -> Any:
    """While the context is open, this process's products run on so many cores."""
    return _products().limit(limits=cores)


def side_by_side(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of works that do not depend on each other, each done on one core."""
    with limited(1):
        if len(works) == 1:
            return [works[0]()]
        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(lambda work: work(), works))


class Pace:
    """Runs steps that are all alike on one core or on all, whichever the clock finds faster now."""

    def __init__(self) -> None:
        self._choices = sorted({1, count()})
        self._forget()

    def _forget(self) -> None:
        self._seconds: dict[int, list[float]] = {cores: [] for cores in self._choices}
        self._left = CHOSEN_FOR

    def step(self, work: Callable[[], Any]) -> Any:
        """The result of one step."""
        untried = [cores for cores, seconds in self._seconds.items() if len(seconds) < TRIED]
        with limited(untried[0] if untried else self._fastest()):
            began = time.perf_counter()
            result = work()
        if untried:
            self._seconds[untried[0]].append(time.perf_counter() - began)
        else:
            self._left -= 1
            if not self._left:
                self._forget()
        return result

    def _fastest(self) -> int:
        return min(self._choices, key=lambda cores: statistics.median(self._seconds[cores]))
