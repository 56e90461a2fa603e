"""A core for each of the works that are done side by side."""

from __future__ import annotations

import threading

from threadpoolctl import threadpool_info

from studio.core.process import blas_threads


def threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_works_side_by_side_get_one_core_each_and_keep_their_order():
    before, seen = threads(), []

    def work(n):
        seen.append((threads(), threading.get_ident()))
        return n * n

    assert blas_threads.side_by_side([lambda n=n: work(n) for n in range(3)]) == [0, 1, 4]
    assert all(found == {1} for found, _ in seen)
    assert threads() == before
