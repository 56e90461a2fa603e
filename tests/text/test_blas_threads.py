"""One core or all: the results are the same, and the clock decides."""

from __future__ import annotations

import threading

from threadpoolctl import threadpool_info

from studio.text import blas_threads


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


def test_the_pace_is_what_the_clock_finds_faster(monkeypatch):
    now, used = [0.0], []
    monkeypatch.setattr(blas_threads.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(blas_threads, "count", lambda: 4)
    monkeypatch.setattr(
        blas_threads, "limited", lambda n: used.append(n) or blas_threads._products().limit(limits=1)
    )
    fast = {1: 3.0, 4: 1.0}

    def work():
        now[0] += fast[used[-1]]

    pace = blas_threads.Pace()
    for _ in range(blas_threads.TRIED * 2 + 10):
        pace.step(work)
    assert used == [1] * blas_threads.TRIED + [4] * (blas_threads.TRIED + 10)
    fast.update({1: 1.0, 4: 3.0})
    for _ in range(blas_threads.CHOSEN_FOR + 2 * blas_threads.TRIED + 10):  # until they are tried again
        pace.step(work)
    assert used[-10:] == [1] * 10
