"""Limits the number of cores of matrix products. With other work on the cores, more are not faster.

BLAS threads wait for each other without sleeping: if another program uses one of the cores, a product on two
takes a hundred times as long as on one. So each text uses one core, also when several are generated or read
in parallel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def count() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _products() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def limit_threads(cores: int) -> Any:
    """Returns a context in which matrix products of this process use at most `cores` cores."""
    return _products().limit(limits=cores)


def run_parallel(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Calls independent functions in parallel, each on one core. Returns their results in order."""
    with limit_threads(1):
        if len(works) == 1:
            return [works[0]()]
        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(lambda work: work(), works))
