"""Background loading of data sets: two at a time, owners in turn, stopped without viewers."""

from __future__ import annotations

import threading

import pytest

from pages.form import data_set_reader
from pages.form.data_set_reader import ReadRequest, _Reading
from studio.core import data, owners
from studio.core.tasks import File

TOO_EARLY_SECONDS = 0.3  # s in which a reader that was admitted too early would start


@pytest.fixture
def slow_reads(home, monkeypatch):
    """Records the names of data sets in the order in which loading starts; `gate` lets them finish."""
    return Sets(monkeypatch)


class Sets:
    def __init__(self, monkeypatch):
        self.names: list[str] = []
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        monkeypatch.setattr(data, "load_dataset", self._load)

    def _load(self, file, size, channels, progress, least):
        self.names.append(file.name)
        self.entered.release()
        while not self.gate.wait(0.01):
            progress.check()
        return file.name


def start_reading(name: str, owner: str = owners.LOCAL) -> _Reading:
    with owners.acting_as(owner):
        return _Reading(ReadRequest(File("0" * 64, "dataset", name), 8), None)


def test_two_data_sets_are_read_in_parallel(slow_reads):
    all_of_them = [start_reading(str(n)) for n in range(3)]
    assert slow_reads.entered.acquire(timeout=30) and slow_reads.entered.acquire(timeout=30)
    assert not slow_reads.entered.acquire(timeout=TOO_EARLY_SECONDS)
    slow_reads.gate.set()
    for entry in all_of_them:
        entry.thread.join(30)
    assert sorted(reading.dataset for reading in all_of_them) == ["0", "1", "2"]


def test_another_owner_takes_turns_while_a_data_set_is_read(slow_reads, monkeypatch):
    monkeypatch.setattr(data_set_reader, "_TURN_SECONDS", 0.0)
    own_reading = [start_reading(str(n)) for n in range(4)]
    for _ in range(2):
        assert slow_reads.entered.acquire(timeout=30)
    other = start_reading("ada's", "visitor-ada")
    while "ada's" not in slow_reads.names:
        assert slow_reads.entered.acquire(timeout=30)
    slow_reads.gate.set()
    for item in [*own_reading, other]:
        item.thread.join(30)
        assert item.dataset


def test_unwatched_reading_ends_and_restarts_when_watched(slow_reads, monkeypatch):
    request = ReadRequest(File("0" * 64, "dataset", "left"), 8)
    left = data_set_reader._watch_reading(request, None)
    assert slow_reads.entered.acquire(timeout=30)
    assert data_set_reader._watch_reading(request, None) is left
    monkeypatch.setattr(data_set_reader, "_UNWATCHED_SECONDS", -1.0)
    left.thread.join(30)
    assert left.is_abandoned and left.dataset is None
    monkeypatch.setattr(data_set_reader, "_UNWATCHED_SECONDS", 120.0)
    slow_reads.gate.set()
    restarted = data_set_reader._watch_reading(request, None)
    restarted.thread.join(30)
    assert restarted.dataset == "left"
    data_set_reader._start_reading.clear(request, False, None)
