"""What a machine's own figures are made of."""

import pytest

from studio.core import paths, speed, tasks
from studio.core.errors import Cancelled
from studio.core.progress import Progress


def test_every_trial_is_a_job_that_its_task_takes():
    for trial in speed.TRIALS:
        task = tasks.get(trial.task)
        task.settings.parse(trial.settings)
        assert trial.slot in ("", task.inputs[0].name)


def test_what_would_have_to_be_fetched_is_passed_over_and_nothing_is_kept(home, monkeypatch):
    kept = ("a house style, 512 px", "what a photo shows")
    monkeypatch.setattr(speed, "TRIALS", [trial for trial in speed.TRIALS if trial.title in kept])
    painted, labels = speed.measure()
    assert 0 < painted.seconds < 600 and painted.note == ""
    assert labels.seconds is None and "studio weights pull resnet50 imagenet-labels" in labels.note
    assert not list(paths.folder("files").iterdir())


def test_it_stops_between_two_trials(home, monkeypatch):
    with pytest.raises(Cancelled):
        list(speed.measure(Progress(cancelled=lambda: True)))
