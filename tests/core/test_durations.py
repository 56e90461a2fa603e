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

LOAD_MACHINE_SLOWDOWN = durations.load_machine_slowdown


@pytest.fixture(autouse=True)
def _home(home):
    """Starts each test without measured durations."""


def estimate(name, settings, **inputs):
    return tasks.estimate_duration(tasks.get(name), settings, inputs)


def store_photo(height=300, width=400):
    pixels = np.zeros((height, width, 3), "uint8")
    return tasks.File.store(image_io.encode_png(pixels), "image", "photo.png")


def test_a_machine_without_jobs_has_the_reference_speed():
    assert durations.estimate_slowdown("style.transfer") == 1


def test_before_the_first_job_a_matrix_product_gives_the_slowdown(monkeypatch):
    # Seconds of one busy core, in units of the reference.
    clock = iter(durations._REFERENCE_PRODUCT_SECONDS * np.array([0, 30, 100, 108, 200, 209]))
    monkeypatch.setattr(durations, "time", SimpleNamespace(thread_time=lambda: next(clock)))
    monkeypatch.setattr("dask.system.CPU_COUNT", 4)
    assert LOAD_MACHINE_SLOWDOWN.__wrapped__() == pytest.approx(2)
    assert LOAD_MACHINE_SLOWDOWN.__wrapped__() == pytest.approx(2), "another process reads the stored value"
    monkeypatch.setattr("dask.system.CPU_COUNT", 2)
    clock = iter(durations._REFERENCE_PRODUCT_SECONDS * np.array([0, 30, 100, 108, 200, 209]))
    assert LOAD_MACHINE_SLOWDOWN.__wrapped__() == pytest.approx(4), (
        "a machine with other cores is measured again"
    )
    monkeypatch.setattr(durations, "load_machine_slowdown", lambda: 2.0)
    assert durations.estimate_slowdown("style.transfer") == 2


def test_the_slowdown_is_learned_despite_an_outlier():
    for seconds in (200, 210, 190, 3000, 205):
        durations.record("style.transfer", 100, seconds)
    assert durations.estimate_slowdown("style.transfer") == pytest.approx(2.025)


def test_a_full_disk_loses_no_result(monkeypatch):
    def raise_full_disk(*args):
        raise InsufficientSpace("The disk is full. Make room.")

    durations.record("style.transfer", 100, 200)
    monkeypatch.setattr(paths, "write", raise_full_disk)
    durations.record("style.transfer", 100, 200)


def test_a_task_without_jobs_has_the_slowdown_of_other_tasks():
    for name in ("style.transfer", "text.train"):
        for seconds in (300, 310, 5000):
            durations.record(name, 100, seconds)
    assert durations.estimate_slowdown("dream.ascend") == pytest.approx(3.1)
    durations.record("dream.ascend", 100, 90)
    assert durations.estimate_slowdown("dream.ascend") == pytest.approx(2.0), (
        "an own job counts as much as all others"
    )


@pytest.mark.parametrize("other_tasks", [(), ("text.train",)], ids=["the first", "after another's"])
def test_a_paused_first_job_at_most_doubles_the_estimate(other_tasks):
    for name in other_tasks:
        durations.record(name, 7200, 7200)
    durations.record("vae.train", 7200, 7200 + 24 * 3600)
    assert durations.estimate_slowdown("vae.train") <= 2, "a job of 2 h was estimated as 13 h"
    assert durations.estimate_slowdown("dream.ascend") <= 2, "other tasks are limited, too"
    durations.record("vae.train", 7200, 7300)
    assert durations.estimate_slowdown("vae.train") == pytest.approx(1, abs=0.02), "a normal job corrects it"


@pytest.mark.parametrize("slowdown", [0.3, 2.5, 40])
def test_a_true_slowdown_is_reached_within_a_few_jobs(slowdown):
    slowdowns = []
    for _ in range(6):
        durations.record("style.transfer", 100, 100 * slowdown)
        slowdowns.append(durations.estimate_slowdown("style.transfer"))
    assert slowdowns[0] != 1 and sorted(slowdowns, reverse=slowdown < 1) == slowdowns
    assert slowdowns[-1] == slowdown


def test_loading_keras_does_not_make_large_jobs_seem_slow():
    """At a slowdown of 1, each job takes extra time to load Keras."""
    small, large = ([tasks.File.store(b"to be or not " * n, "text", "text.txt")] for n in (9_000, 400_000))
    settings = TrainTextSettings(units=64, epochs=1)
    work_seconds = [
        tasks.import_object(tasks.get("text.train").estimate_seconds)(settings, {"text": text})
        for text in (small, large)
    ]
    measured_seconds = [durations.KERAS_LOAD_SECONDS + seconds for seconds in work_seconds]
    assert work_seconds[0] < measured_seconds[0] / 2
    for _ in range(5):
        durations.record(
            "text.train",
            tasks.estimate_reference_seconds(tasks.get("text.train"), settings, {"text": small}),
            measured_seconds[0],
        )
    estimates = [estimate("text.train", settings, text=text) for text in (small, large)]
    assert estimates == pytest.approx(measured_seconds, rel=0.01) and estimates[0] < estimates[1]


def test_only_the_newest_jobs_count():
    for seconds in [100] * 30 + [500] * 9:
        durations.record("style.transfer", 100, seconds)
    assert durations.estimate_slowdown("style.transfer") == 5


def test_a_short_job_is_ignored():
    durations.record("style.transfer", 1, 40)  # all but one second was spent on loading
    assert durations.estimate_slowdown("style.transfer") == 1


@pytest.mark.parametrize(
    "record",
    ["", "[]", '{"style.transfer": []}', '{"style.transfer": 3}', '{"style.transfer": ["fast"]}', "{"],
)
def test_a_damaged_record_is_ignored(record):
    paths.write(paths.ensure_folder("cache") / "slowdowns.json", record.encode())
    assert durations.estimate_slowdown("style.transfer") == 1
    durations.record("style.transfer", 100, 300)
    assert durations.estimate_slowdown("style.transfer") == 2


def test_style_transfer_takes_longer_with_size_and_quality():
    inputs = {"content": [store_photo()], "style": [store_photo()]}
    estimates = [
        estimate("style.transfer", TransferSettings(mode=mode, size=size), **inputs)
        for mode, size in (("instant", 512), ("draft", 512), ("fine", 512), ("fine", 1024), ("fine", 2048))
    ]
    assert estimates == sorted(estimates) and estimates[2] > 10 * estimates[0]
    tall = estimate(
        "style.transfer", TransferSettings(mode="fine", size=512), content=[store_photo(400, 200)]
    )
    assert tall < estimates[2]


def test_a_feed_forward_image_takes_longer_with_size_and_masked_styles():
    def estimate_image(size, styles=("mosaic",), **inputs):
        settings = TransferSettings(size=size, house=styles)
        return estimate("style.transfer", settings, content=[store_photo(2000, 2000)], **inputs)

    assert estimate_image(1024) == pytest.approx(4 * estimate_image(512)) and estimate_image(
        2048
    ) == pytest.approx(16 * estimate_image(512))
    two = ("mosaic", "wash")
    assert estimate_image(512, two) == estimate_image(512)
    assert estimate_image(512, two, mask=[store_photo(), store_photo()]) == pytest.approx(
        2 * estimate_image(512)
    )


def test_a_search_is_bounded_by_its_longest_trials_and_its_time_limit():
    data = [tasks.File.store(b"to be or not " * 20_000, "text", "text.txt")]
    trial_seconds = estimate("text.train", TrainTextSettings(epochs=3, units=256), text=data)
    settings = TuneSettings(train="text", vary=("units=64:256",), fixed=("epochs=3",), trials=7)
    assert estimate("tune.run", settings, text=data) == pytest.approx(7 * trial_seconds)
    assert estimate("tune.run", settings.model_copy(update={"minutes": 0.5}), text=data) == 30


@pytest.mark.parametrize("sizes", ["256,512", "512,256"])
def test_a_sweep_is_estimated_by_its_longest_cell(sizes):
    settings = SweepSettings(task="style.transfer", base={"house": ["mosaic"]}, vary=(f"size={sizes}",))
    longest = estimate(
        "style.transfer", TransferSettings(house=("mosaic",), size=512), content=[store_photo()]
    )
    assert estimate("gallery.sweep", settings, content=[store_photo()]) == pytest.approx(2 * longest)


def test_training_takes_longer_with_more_steps_and_wider_networks():
    for name, kind in (("dcgan.train", TrainDcganSettings), ("vae.train", TrainVaeSettings)):
        once, twice, wide, unmeasured = (
            estimate(name, kind(**item))
            for item in ({"steps": 4000}, {"steps": 8000}, {"width": 80, "steps": 4000}, {"scored": 0})
        )
        assert once < twice and once < wide and 0 < unmeasured < twice


def test_training_on_a_longer_text_takes_longer():
    files = [tasks.File.store(b"to be or not " * n, "text", "text.txt") for n in (20_000, 80_000)]
    short, long = (estimate("text.train", TrainTextSettings(), text=[file]) for file in files)
    assert long > 2 * short
    assert estimate("text.train", TrainTextSettings(units=128), text=files[1:]) < long


def test_the_estimate_is_made_before_the_job_runs(monkeypatch):
    remaining, recorded = [0.0, 100.0], []
    monkeypatch.setattr("studio.dcgan.estimate.estimate_seconds", lambda settings, inputs: remaining[-1])
    monkeypatch.setattr("studio.dcgan.task.train", lambda *args: remaining.pop() and Result(()))
    monkeypatch.setattr(durations, "record", lambda *args: recorded.append(args[1]))
    data = tasks.File.store(b"x", "dataset", "x.zip")
    tasks.run("dcgan.train", TrainDcganSettings(), {"data": [data]})
    assert recorded == [100.0 + durations.KERAS_LOAD_SECONDS]
    # An estimate of 0 means unknown.
    assert estimate("dcgan.train", TrainDcganSettings(), data=[data]) is None


def test_an_unknown_duration_is_none():
    assert estimate("classify.audit", tasks.get("classify.audit").settings()) is None


@pytest.mark.parametrize(
    "result, is_recorded",
    [
        (Result(()), True),
        (Result((), stopped_early=True), False),
        (Result((), {"ended": "nan"}), False),
        (Result((), {"seconds": 900.0}), False),  # most steps were done by an earlier process
    ],
)
def test_only_complete_jobs_are_recorded(monkeypatch, result, is_recorded):
    calls = []
    monkeypatch.setattr(durations, "record", lambda *args: calls.append(args))
    monkeypatch.setattr("studio.dcgan.task.train", lambda *args: result)
    data = tasks.File.store(b"x", "dataset", "x.zip")
    tasks.run("dcgan.train", TrainDcganSettings(), {"data": [data]})
    assert bool(calls) == is_recorded
