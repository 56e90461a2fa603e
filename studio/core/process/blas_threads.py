"""Limits the number of cores of matrix products. With other work on the cores, more are not faster.

BLAS threads wait for each other without sleeping: if another program uses one of the cores, a product on two
takes a hundred times as long as on one. So each text uses one core, also when several are generated or read
in parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


@cache
def _find_blas() -> ThreadpoolController:
    """Returns the controller of the BLAS libraries. Cached, because finding them is slow."""
    return ThreadpoolController().select(user_api="blas")


def limit_threads(cores: int) -> Any:
    """Returns a context in which matrix products of this process use at most `cores` cores."""
    return _find_blas().limit(limits=cores)


def run_parallel(functions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Calls independent functions in parallel, each on one core. Returns their results in order."""
    with limit_threads(1):
        if len(functions) == 1:
            return [functions[0]()]
        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(lambda function: function(), functions))
