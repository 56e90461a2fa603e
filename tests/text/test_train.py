"""Training of language models: learning, stateful batches, best weights and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from studio.core.errors import Cancelled, InvalidInput, StudioError
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.text import model, train
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings
from studio.text.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def report_every_step(monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)


def validation(training):
    """Returns the validation losses."""
    return training.curves.metrics["validation"]


@pytest.fixture(scope="module")
def uninterrupted(rhyme, tiny):
    """An uninterrupted training run."""
    return train.train(rhyme, tiny)


@pytest.mark.slow
def test_training_learns_shows_samples_and_is_repeatable(rhyme, tiny, uninterrupted):
    reports = []
    first = train.train(rhyme, tiny, Progress(reports.append))
    assert validation(first)[-1] < 0.75 * validation(first)[0]
    assert first.step == first.plan.steps == reports[-1].step == reports[-1].total
    assert reports[-1].metrics["validation"] == validation(first)[-1]
    assert reports[-1].text == first.samples[-1] != first.samples[0]
    assert validation(uninterrupted) == validation(first)
    other = train.train(rhyme, tiny.model_copy(update={"seed": 1}))
    assert validation(other) != validation(first)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape, share",
    [({"architecture": "gru"}, 0.8), ({"tied": True}, 0.95), ({"weight_dropout": 0.3, "layers": 1}, 0.8)],
)
def test_all_cells_learn(rhyme, tiny, shape, share):
    training = train.train(rhyme, tiny.model_copy(update=shape))
    assert validation(training)[-1] < share * validation(training)[0]


@pytest.mark.slow
def test_the_weights_with_the_lowest_validation_loss_are_kept(uninterrupted):
    from studio.text import cross_entropy

    part = uninterrupted.plan.validation
    streams = max(1, min(train.TEST_STREAMS, len(part) // 256))
    best = cross_entropy.score(Network(uninterrupted.result.get_weights()), part, streams)
    assert best.nats_per_char == pytest.approx(min(validation(uninterrupted)), abs=1e-5)


@pytest.mark.parametrize("architecture", ["lstm", "gru"])
def test_the_state_carries_over_from_batch_to_batch(architecture):
    core = model.build_model(TrainTextSettings(units=8, embedding=5, architecture=architecture), 7)
    streams = model.StatefulModel(core, 3)
    indices = np.random.default_rng(0).integers(0, 7, (3, 12)).astype("int32")
    logits, _ = core(indices, [ops.zeros((3, 8)) for _ in core.state_shapes])
    pieces = [np.array(streams(part)) for part in np.split(indices, 3, axis=1)]
    assert np.allclose(np.concatenate(pieces, axis=1), logits, atol=1e-5)
    streams.reset_states()
    assert np.allclose(streams(indices[:, :4]), pieces[0], atol=1e-6)


@pytest.mark.slow
def test_a_random_text_stops_early(tiny):
    noise = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 3000))
    eager = tiny.model_copy(update={"patience": 2, "epochs": 40, "dropout": 0.0, "ema_share": 0.0})
    training = train.train(noise, eager)
    assert training.stop_reason == "patience" and training.step < training.plan.steps
    assert len(validation(training)) - 1 - np.argmin(validation(training)) == 2


@pytest.mark.slow
def test_a_stopped_run_keeps_the_best_weights_and_can_be_resumed(rhyme, tiny, uninterrupted, tmp_path):
    run, reports = checkpoints.Run(tmp_path / "run"), []
    progress = Progress(reports.append, cancelled=lambda: reports[-1].step == 40)
    stopped = train.train(rhyme, tiny, progress, run)
    assert stopped.stop_reason == "cancelled" and stopped.step == 40
    assert len(stopped.result.get_weights()) == len(uninterrupted.result.get_weights())
    resumed = train.train(rhyme, tiny, None, run)
    assert validation(resumed) == pytest.approx(validation(uninterrupted), abs=1e-6)
    check_equal(resumed.result.get_weights(), uninterrupted.result.get_weights())


@pytest.mark.slow
def test_a_run_stopped_in_the_last_test_repeats_it(rhyme, tiny, tmp_path, monkeypatch):
    tiny = tiny.model_copy(update={"epochs": 3})
    uninterrupted = train.train(rhyme, tiny)
    run, test = checkpoints.Run(tmp_path / "run"), train.Trainer.test

    def cancel_in_test(trainer, progress):
        if trainer.step == trainer.plan.steps:
            raise Cancelled
        return test(trainer, progress)

    with monkeypatch.context() as patch:
        patch.setattr(train.Trainer, "test", cancel_in_test)
        assert train.train(rhyme, tiny, None, run).stop_reason == "cancelled"
    resumed = train.train(rhyme, tiny, None, run)
    assert resumed.curves.steps == uninterrupted.curves.steps
    assert uninterrupted.curves.steps[-1] % uninterrupted.curves.steps[0]  # the last test is separate


def test_stopping_before_the_first_step_raises(rhyme, tiny):
    with pytest.raises(Cancelled):
        train.train(rhyme, tiny, Progress(cancelled=lambda: True))


@pytest.mark.slow
def test_a_nan_loss_ends_training_with_the_best_weights(rhyme, tiny, tmp_path, monkeypatch):
    run, learn, calls = checkpoints.Run(tmp_path / "run"), model.StatefulModel.train_on_batch, []

    def fail(self, *batch, **options):
        calls.append(1)
        return {"loss": float("nan")} if len(calls) == 70 else learn(self, *batch, **options)

    monkeypatch.setattr(model.StatefulModel, "train_on_batch", fail)
    training = train.train(rhyme, tiny, None, run)
    assert training.stop_reason == "nan" and training.step == 69
    assert validation(training)[0] > min(validation(training))
    assert all(np.isfinite(array).all() for array in training.result.get_weights())


@pytest.mark.slow
def test_a_run_without_a_finite_loss_raises(rhyme, tiny):
    core = model.build_model(tiny, len(set(rhyme)))
    nan_weights = [np.full_like(array, np.nan) for array in core.get_weights()]
    with pytest.raises(StudioError, match="smaller learning rate"):
        train.train(rhyme, tiny, start=(nan_weights, Vocabulary.of(rhyme)))


def check_equal(weights, expected):
    for first, second in zip(weights, expected, strict=True):
        assert np.abs(first - second).max() <= 1e-6


@pytest.mark.slow
def test_a_run_starts_from_a_model_of_another_vocabulary(rhyme, tiny, uninterrupted):
    fresh = train.train(rhyme.upper() + "é" * 40, tiny.model_copy(update={"epochs": 1}))
    start = (uninterrupted.result.get_weights(), uninterrupted.vocabulary)
    # More characters than before, including all of the old ones.
    more = rhyme + "é" * 40
    training = train.train(more, tiny.model_copy(update={"epochs": 1}), start=start)
    assert validation(training)[0] < 0.7 * validation(fresh)[0]
    place = training.vocabulary.characters.index("é")
    assert place >= 0 and len(training.vocabulary) == len(uninterrupted.vocabulary) + 1


@pytest.mark.slow
def test_a_start_model_of_another_shape_is_refused(rhyme, tiny):
    core = model.build_model(tiny.model_copy(update={"units": 16}), 9)
    start = (core.get_weights(), Vocabulary("abcdefghi"))
    with pytest.raises(InvalidInput, match="another shape"):
        train.train(rhyme, tiny, start=start)


@pytest.mark.slow
def test_a_checkpoint_of_another_model_is_refused(rhyme, tiny, tmp_path):
    run, reports = checkpoints.Run(tmp_path / "run"), []
    train.train(rhyme, tiny, Progress(reports.append, cancelled=lambda: reports[-1].step == 3), run)
    with pytest.raises(StudioError, match="another model"):
        train.train(rhyme, tiny.model_copy(update={"units": 16}), None, run)


KILLED = """
import sys, json
from pathlib import Path
from studio.core.training import checkpoints, trainer
from studio.core.progress import Progress
from studio.text import train
from studio.text.settings import TrainTextSettings
checkpoints.CHECKPOINT_SECONDS = trainer.REPORT_SECONDS = 0.05
wish = json.loads(sys.stdin.read())
say = Progress(lambda report: (sys.stdout.write(f"{report.step}\\n"), sys.stdout.flush()))
train.train(wish["text"], TrainTextSettings(**wish["settings"]), say, checkpoints.Run(Path(wish["folder"])))
"""


@pytest.mark.slow
def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(rhyme, tiny, uninterrupted, tmp_path):
    settings = {"text": rhyme, "settings": tiny.model_dump(), "folder": str(tmp_path / "run")}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    process.stdin.write(json.dumps(settings))
    process.stdin.close()
    for _ in range(25):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = train.train(rhyme, tiny, None, checkpoints.Run(tmp_path / "run"))
    assert validation(resumed) == pytest.approx(validation(uninterrupted), abs=1e-6)
    assert resumed.curves.losses["learning"] == pytest.approx(
        uninterrupted.curves.losses["learning"], abs=1e-6
    )
    check_equal(resumed.result.get_weights(), uninterrupted.result.get_weights())
    assert [p.suffix for p in (tmp_path / "run").iterdir() if not p.name.startswith(".")] == [".run"] * 2
