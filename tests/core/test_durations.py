"""Estimates of a job's duration, from its settings and from earlier jobs."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.core import durations, paths, tasks
from studio.core.errors import InsufficientSpace
from studio.core.imaging import image_io
from studio.core.tasks import Result
from studio.dcgan.settings import TrainDcganSettings
from studio.gallery.sweep_settings import SweepSettings
from studio.style.settings import TransferSettings
from studio.text.settings import TrainTextSettings
from studio.tune.settings import TuneSettings
from studio.vae.settings import TrainVaeSettings

MEASURED = durations.machine


@pytest.fixture(autouse=True)
def _home(home):
    """Starts each test without measured durations."""


def expected(name, settings, **inputs):
    return tasks.expected_seconds(tasks.get(name), settings, inputs)


def photo(height=300, width=400):
    pixels = np.zeros((height, width, 3), "uint8")
    return tasks.File.keep(image_io.encode_png(pixels), "image", "photo.png")


def test_a_machine_that_did_nothing_yet_is_as_fast_as_the_one_that_was_measured():
    assert durations.slowdown("style.transfer") == 1


def test_before_the_first_job_a_machine_is_as_slow_as_it_multiplies(monkeypatch):
    clock = iter(durations._PRODUCT * np.array([0, 30, 100, 108, 200, 209]))  # of one busy core
    monkeypatch.setattr(durations, "time", SimpleNamespace(thread_time=lambda: next(clock)))
    monkeypatch.setattr("dask.system.CPU_COUNT", 4)
    assert MEASURED.__wrapped__() == pytest.approx(2)
    assert MEASURED.__wrapped__() == pytest.approx(2), "another process says the same and measures nothing"
    monkeypatch.setattr("dask.system.CPU_COUNT", 2)
    clock = iter(durations._PRODUCT * np.array([0, 30, 100, 108, 200, 209]))
    assert MEASURED.__wrapped__() == pytest.approx(4), "a machine with other cores is measured again"
    monkeypatch.setattr(durations, "machine", lambda: 2.0)
    assert durations.slowdown("style.transfer") == 2


def test_a_speed_is_learned_and_one_odd_job_does_not_corrupt_it():
    for seconds in (200, 210, 190, 3000, 205):
        durations.record("style.transfer", 100, seconds)
    assert durations.slowdown("style.transfer") == pytest.approx(2.025)


def test_a_note_that_finds_no_room_loses_no_result(monkeypatch):
    def full(*args):
        raise InsufficientSpace("The disk is full. Make room.")

    durations.record("style.transfer", 100, 200)
    monkeypatch.setattr(paths, "write", full)
    durations.record("style.transfer", 100, 200)


def test_a_machine_that_is_slow_at_all_it_did_is_slow_at_what_it_did_not_do_yet():
    for name in ("style.transfer", "text.train"):
        for seconds in (300, 310, 5000):
            durations.record(name, 100, seconds)
    assert durations.slowdown("dream.ascend") == pytest.approx(3.1)
    durations.record("dream.ascend", 100, 90)
    assert durations.slowdown("dream.ascend") == pytest.approx(2.0), (
        "a job of its own counts as much as all others"
    )


@pytest.mark.parametrize("before", [(), ("text.train",)], ids=["the first", "after another's"])
def test_a_first_job_that_was_paused_for_a_day_at_most_doubles_what_is_said(before):
    for name in before:
        durations.record(name, 7200, 7200)
    durations.record("vae.train", 7200, 7200 + 24 * 3600)
    assert durations.slowdown("vae.train") <= 2, "it said 13 h of a job of two"
    assert durations.slowdown("dream.ascend") <= 2, "nor of the jobs that it did not do yet"
    durations.record("vae.train", 7200, 7300)
    assert durations.slowdown("vae.train") == pytest.approx(1, abs=0.02), "a true one forgets it"


@pytest.mark.parametrize("true", [0.3, 2.5, 40])
def test_a_machine_that_is_truly_slower_or_faster_is_believed_within_a_few_jobs(true):
    slowdowns = []
    for _ in range(6):
        durations.record("style.transfer", 100, 100 * true)
        slowdowns.append(durations.slowdown("style.transfer"))
    assert slowdowns[0] != 1 and sorted(slowdowns, reverse=true < 1) == slowdowns
    assert slowdowns[-1] == true


def test_small_jobs_that_mostly_start_do_not_make_large_ones_seem_slow():
    """At a slowdown of 1, each job takes extra time to load Keras."""
    small, large = ([tasks.File.keep(b"to be or not " * n, "text", "text.txt")] for n in (9_000, 400_000))
    settings = TrainTextSettings(units=64, epochs=1)
    work = [
        tasks.import_object(tasks.get("text.train").usual)(settings, {"text": text})
        for text in (small, large)
    ]
    took = [durations.KERAS + seconds for seconds in work]
    assert work[0] < took[0] / 2
    for _ in range(5):
        durations.record(
            "text.train", tasks._usual(tasks.get("text.train"), settings, {"text": small}), took[0]
        )
    estimates = [expected("text.train", settings, text=text) for text in (small, large)]
    assert estimates == pytest.approx(took, rel=0.01) and estimates[0] < estimates[1]


def test_only_the_newest_jobs_count():
    for seconds in [100] * 30 + [500] * 9:
        durations.record("style.transfer", 100, seconds)
    assert durations.slowdown("style.transfer") == 5


def test_a_short_job_tells_nothing():
    durations.record("style.transfer", 1, 40)  # all but one second was spent on loading
    assert durations.slowdown("style.transfer") == 1


@pytest.mark.parametrize(
    "record",
    ["", "[]", '{"style.transfer": []}', '{"style.transfer": 3}', '{"style.transfer": ["fast"]}', "{"],
)
def test_a_damaged_record_is_as_none(record):
    paths.write(paths.folder("cache") / "slowdowns.json", record.encode())
    assert durations.slowdown("style.transfer") == 1
    durations.record("style.transfer", 100, 300)
    assert durations.slowdown("style.transfer") == 2


def test_paintings_take_longer_the_larger_and_finer_they_are():
    inputs = {"content": [photo()], "style": [photo()]}
    times = [
        expected("style.transfer", TransferSettings(mode=mode, size=size), **inputs)
        for mode, size in (("instant", 512), ("draft", 512), ("fine", 512), ("fine", 1024), ("fine", 2048))
    ]
    assert times == sorted(times) and times[2] > 10 * times[0]
    tall = expected("style.transfer", TransferSettings(mode="fine", size=512), content=[photo(400, 200)])
    assert tall < times[2]


def test_an_image_of_one_pass_takes_longer_the_larger_it_is_and_with_each_style_that_is_masked():
    def takes(size, styles=("mosaic",), **inputs):
        settings = TransferSettings(size=size, house=styles)
        return expected("style.transfer", settings, content=[photo(2000, 2000)], **inputs)

    assert takes(1024) == pytest.approx(4 * takes(512)) and takes(2048) == pytest.approx(16 * takes(512))
    two = ("mosaic", "wash")
    assert takes(512, two) == takes(512)
    assert takes(512, two, mask=[photo(), photo()]) == pytest.approx(2 * takes(512))


def test_a_search_takes_as_many_of_its_longest_trainings_at_most_and_no_longer_than_it_may():
    data = [tasks.File.keep(b"to be or not " * 20_000, "text", "text.txt")]
    once = expected("text.train", TrainTextSettings(epochs=3, units=256), text=data)
    settings = TuneSettings(train="text", vary=("units=64:256",), fixed=("epochs=3",), trials=7)
    assert expected("tune.run", settings, text=data) == pytest.approx(7 * once)
    assert expected("tune.run", settings.model_copy(update={"minutes": 0.5}), text=data) == 30


@pytest.mark.parametrize("sizes", ["256,512", "512,256"])
def test_a_sweep_takes_as_long_as_its_cells_would_if_each_were_the_longest(sizes):
    settings = SweepSettings(task="style.transfer", base={"house": ["mosaic"]}, vary=(f"size={sizes}",))
    longest = expected("style.transfer", TransferSettings(house=("mosaic",), size=512), content=[photo()])
    assert expected("gallery.sweep", settings, content=[photo()]) == pytest.approx(2 * longest)


def test_trainings_take_longer_with_more_steps_and_wider_networks():
    for name, kind in (("dcgan.train", TrainDcganSettings), ("vae.train", TrainVaeSettings)):
        once, twice, wide, unmeasured = (
            expected(name, kind(**item))
            for item in ({"steps": 4000}, {"steps": 8000}, {"width": 80, "steps": 4000}, {"scored": 0})
        )
        assert once < twice and once < wide and 0 < unmeasured < twice


def test_a_text_takes_longer_the_longer_it_is():
    files = [tasks.File.keep(b"to be or not " * n, "text", "text.txt") for n in (20_000, 80_000)]
    short, long = (expected("text.train", TrainTextSettings(), text=[file]) for file in files)
    assert long > 2 * short
    assert expected("text.train", TrainTextSettings(units=128), text=files[1:]) < long


def test_a_speed_is_learned_of_what_there_was_to_do_before_it_was_done(monkeypatch):
    left, learned = [0.0, 100.0], []
    monkeypatch.setattr("studio.dcgan.estimate.estimate_seconds", lambda settings, inputs: left[-1])
    monkeypatch.setattr("studio.dcgan.task.train", lambda *args: left.pop() and Result(()))
    monkeypatch.setattr(durations, "record", lambda *args: learned.append(args[1]))
    data = tasks.File.keep(b"x", "dataset", "x.zip")
    tasks.run("dcgan.train", TrainDcganSettings(), {"data": [data]})
    assert learned == [100.0 + durations.KERAS]
    assert (
        expected("dcgan.train", TrainDcganSettings(), data=[data]) is None
    )  # 0 means unknown, not instantly


def test_what_no_one_can_tell_is_not_told():
    assert expected("classify.audit", tasks.get("classify.audit").settings()) is None


@pytest.mark.parametrize(
    "result, learned",
    [
        (Result(()), True),
        (Result((), stopped_early=True), False),
        (Result((), {"ended": "nan"}), False),
        (Result((), {"seconds": 900.0}), False),  # most steps were done by an earlier process
    ],
)
def test_only_whole_jobs_are_learned_from(monkeypatch, result, learned):
    calls = []
    monkeypatch.setattr(durations, "record", lambda *args: calls.append(args))
    monkeypatch.setattr("studio.dcgan.task.train", lambda *args: result)
    data = tasks.File.keep(b"x", "dataset", "x.zip")
    tasks.run("dcgan.train", TrainDcganSettings(), {"data": [data]})
    assert bool(calls) == learned
