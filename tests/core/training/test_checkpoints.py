"""Checkpoints are atomic, fall back to the previous one, and are found by task, settings and inputs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import paint  # adds the task `paint.invert`
import pytest

from studio.core import paths, recipes
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.training import checkpoints
from studio.core.training.checkpoints import Checkpoint, Run


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path / "runs" / "one")


def make_checkpoint(step):
    arrays = {"weights": np.full((3, 2), step, "float32"), "seed": np.array([step, 7], "uint32")}
    return Checkpoint(step, arrays, {"curve": [0.5, step], "best": "é"})


def find_newest(run):
    return max(run.folder.glob("*.run"))


def test_a_saved_checkpoint_is_loaded_unchanged(run):
    assert run.load() is None
    run.save(make_checkpoint(5))
    saved_state = run.load()
    assert (saved_state.step, saved_state.notes) == (5, {"curve": [0.5, 5], "best": "é"})
    assert set(saved_state.arrays) == {"weights", "seed"}
    assert saved_state.arrays["weights"].dtype == "float32" and (saved_state.arrays["weights"] == 5).all()


def test_the_step_is_known_without_reading_the_checkpoint(run):
    assert run.step == 0
    for step in (5, 60):
        run.save(make_checkpoint(step))
    assert run.step == 60
    run.delete()
    assert run.step == 0


def test_the_two_newest_checkpoints_are_kept(run):
    for step in (9, 10, 200):
        run.save(make_checkpoint(step))
    assert [int(path.stem) for path in sorted(run.folder.iterdir())] == [10, 200]
    assert run.load().step == 200
    run.delete()
    assert run.load() is None and not run.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "header", "longer"])
def test_a_damaged_checkpoint_falls_back_to_the_previous_one(run, damage):
    run.save(make_checkpoint(1)), run.save(make_checkpoint(2))
    path, data = find_newest(run), find_newest(run).read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "cut": data[:-20],
            "empty": b"",
            "changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "header": b"x" + data,
            "longer": data + b"x",
        }[damage]
    )
    assert run.load().step == 1


def test_two_damaged_checkpoints_load_as_none(run):
    run.save(make_checkpoint(1)), run.save(make_checkpoint(2))
    for path in run.folder.iterdir():
        path.write_bytes(path.read_bytes()[:50])
    assert run.load() is None


def test_a_failed_save_keeps_earlier_checkpoints(run, monkeypatch):
    run.save(make_checkpoint(1))

    def raise_disk_full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paths, "_sync", raise_disk_full)
    with pytest.raises(StudioError, match="full"):
        run.save(make_checkpoint(2))
    assert run.load().step == 1
    assert [path.name for path in run.folder.iterdir()] == ["000000001.run"]


def test_objects_are_not_unpickled(run):
    run.save(Checkpoint(1, {"x": np.array([{"a": 1}], object)}))
    assert run.load() is None


def test_equal_inputs_and_settings_find_the_same_run(home):
    settings = paint.PaintSettings(steps=3)
    file = File.store(b"one", "image", "a.png")
    renamed = File(file.digest, "image", "b.png")
    match = checkpoints.find_run("paint.invert", settings, {"content": [file]})
    assert match == checkpoints.find_run("paint.invert", settings, {"content": [renamed], "mask": []})
    other_runs = [
        checkpoints.find_run("paint.other", settings, {"content": [file]}),
        checkpoints.find_run("paint.invert", paint.PaintSettings(steps=4), {"content": [file]}),
        checkpoints.find_run("paint.invert", settings, {"content": [File.store(b"two", "image", "a.png")]}),
        checkpoints.find_run("paint.invert", settings, {"mask": [file]}),
    ]
    assert len({match.folder, *(other.folder for other in other_runs)}) == 5
    assert match.folder.parent == home / "runs"


LOCK_SCRIPT = """
import sys, time
from pathlib import Path
from studio.core.training.checkpoints import Run

with Run(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other_process(home, run):
    """Another process that runs the same training."""
    with subprocess.Popen([sys.executable, "-c", LOCK_SCRIPT, run.folder], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        yield process
        process.kill()


def test_a_run_locked_by_another_process_is_refused(other_process, run):
    message = rf"^This training is already going on \(process {other_process.pid} on .*\. Wait until .*\.$"
    with pytest.raises(StudioError, match=message), run.lock():
        pytest.fail("two processes run the same training")
    with (
        checkpoints.Run(run.folder.with_name("other")).lock(),
        checkpoints.Run(run.folder, may_write=False).lock(),
    ):
        pass


def test_a_lock_with_progress_waits_for_the_other_process(other_process, run):
    stages = []

    def listen(report):
        stages.append(report.stage)
        other_process.kill()

    with run.lock(Progress(listen)):
        assert other_process.wait() < 0
    assert set(stages) == {"Waiting for another process with the same training"}


def test_waiting_for_a_lock_can_be_canceled(other_process, run):
    with pytest.raises(Cancelled), run.lock(Progress(cancelled=lambda: True)):
        pytest.fail("waiting was not canceled")


def test_the_lock_of_a_killed_process_is_released(other_process, run):
    other_process.kill()
    other_process.wait()
    with run.lock(), pytest.raises(StudioError, match="already going on"), run.lock():
        pytest.fail("two threads run the same training")
    with run.lock():
        pass


@pytest.mark.parametrize("changed_version", ["studio.core.version.VERSION", "keras"])
def test_another_version_uses_another_run_folder(changed_version, home, monkeypatch):
    def find():
        return checkpoints.find_run("paint.invert", paint.PaintSettings(), {}).folder

    before = find()
    assert find() == before
    if changed_version == "keras":
        version = recipes.importlib.metadata.version
        changed = lambda name: "99.0" if name == "keras" else version(name)  # noqa: E731
        monkeypatch.setattr("importlib.metadata.version", changed)
        monkeypatch.setattr(recipes, "_read_versions", recipes._read_versions.__wrapped__)
    else:
        monkeypatch.setattr(changed_version, "99.0")
    assert find() != before


class Variable:
    """The part of a Keras variable that checkpoints use."""

    def __init__(self, values):
        self.values = np.array(values)

    shape = property(lambda self: self.values.shape)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def assign(self, values):
        self.values = values


def test_variables_are_restored():
    ones = [Variable(np.ones((2, 3))), Variable(7)]
    arrays = checkpoints.copy_variables("model", ones)
    others = [Variable(np.zeros((2, 3))), Variable(0)]
    checkpoints.restore_variables("model", others, arrays)
    assert (others[0].values == 1).all() and others[1].values == 7


@pytest.mark.parametrize("others", [[Variable(np.zeros((3, 2)))], [Variable(0.0), Variable(1.0)]])
def test_variables_of_another_model_are_refused_and_unchanged(others):
    before = [other.values.copy() for other in others]
    with pytest.raises(StudioError, match="another model"):
        checkpoints.restore_variables(
            "model", others, checkpoints.copy_variables("model", [Variable(np.ones((2, 3)))])
        )
    assert all((other.values == original).all() for other, original in zip(others, before, strict=True))
