"""Data sets that pages read in the background: two at a time, owners in turn, none that no tab watches."""

from __future__ import annotations

import threading

import pytest

from pages.form import read_images
from pages.form.read_images import Wish, _Reading
from studio.core import data, owners
from studio.core.tasks import File

MOMENT = 0.3  # s in which one that is let in too early would begin


@pytest.fixture
def begun(home, monkeypatch):
    """The names of the data sets that are being read, in the order in which they began; with `gate`."""
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


def reading(name: str, owner: str = owners.LOCAL) -> _Reading:
    with owners.asking(owner):
        return _Reading(Wish(File("0" * 64, "dataset", name), 8), None)


def test_two_data_sets_are_read_at_a_time(begun):
    all_of_them = [reading(str(n)) for n in range(3)]
    assert begun.entered.acquire(timeout=30) and begun.entered.acquire(timeout=30)
    assert not begun.entered.acquire(timeout=MOMENT)
    begun.gate.set()
    for one in all_of_them:
        one.thread.join(30)
    assert sorted(one.found for one in all_of_them) == ["0", "1", "2"]


def test_another_owner_need_not_wait_until_one_is_read(begun, monkeypatch):
    monkeypatch.setattr(read_images, "_TURN_SECONDS", 0.0)
    mine = [reading(str(n)) for n in range(4)]
    for _ in range(2):
        assert begun.entered.acquire(timeout=30)
    other = reading("ada's", "visitor-ada")
    while "ada's" not in begun.names:
        assert begun.entered.acquire(timeout=30)
    begun.gate.set()
    for one in [*mine, other]:
        one.thread.join(30)
        assert one.found


def test_reading_ends_that_no_tab_watches_and_begins_again_once_one_does(begun, monkeypatch):
    wish = Wish(File("0" * 64, "dataset", "left"), 8)
    left = read_images._watched(wish, None)
    assert begun.entered.acquire(timeout=30)
    assert read_images._watched(wish, None) is left
    monkeypatch.setattr(read_images, "_UNWATCHED_SECONDS", -1.0)
    left.thread.join(30)
    assert left.is_abandoned and left.found is None
    monkeypatch.setattr(read_images, "_UNWATCHED_SECONDS", 120.0)
    begun.gate.set()
    again = read_images._watched(wish, None)
    again.thread.join(30)
    assert again.found == "left"
    read_images._reading.clear(wish, False, None)
