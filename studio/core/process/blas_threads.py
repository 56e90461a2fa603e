"""How many cores a product of matrices runs on. Where other work shares the cores, more are not faster.

The threads of a product wait for each other without sleeping; when another program has one of the cores, a
product on two takes a hundred times as long as on one. So every text has one core: those that are written or
read side by side get one each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


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
