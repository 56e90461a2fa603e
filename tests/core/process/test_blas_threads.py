"""Each of several concurrent tasks gets one core."""

from __future__ import annotations

import threading

from threadpoolctl import threadpool_info

from studio.core.process import blas_threads


def count_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_parallel_functions_use_one_core_each_and_keep_their_order():
    samples = []

    def square(n):
        samples.append((count_threads(), threading.get_ident()))
        return n * n

    with blas_threads.limit_threads(2):  # tests begin with one thread
        before = count_threads()
        assert blas_threads.run_parallel([lambda n=n: square(n) for n in range(3)]) == [0, 1, 4]
        assert max(before) == 2 and all(counts == {1} for counts, _ in samples)
        assert count_threads() == before
