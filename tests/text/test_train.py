"""Training of language models: learning, stateful batches, best weights and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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
def told_of_every_step(monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)


def validation(training):
    """Returns the validation losses."""
    return training.curves.tests["validation"]


@pytest.fixture(scope="module")
def whole(rhyme, tiny):
    """An uninterrupted training run."""
    return train.train(rhyme, tiny)


@pytest.mark.slow
def test_it_learns_shows_what_it_writes_and_is_repeatable(rhyme, tiny, whole):
    reports = []
    first = train.train(rhyme, tiny, Progress(reports.append))
    assert validation(first)[-1] < 0.75 * validation(first)[0]
    assert first.step == first.plan.steps == reports[-1].step == reports[-1].total
    assert reports[-1].metrics["validation"] == validation(first)[-1]
    assert reports[-1].text == first.samples[-1] != first.samples[0]
    assert validation(whole) == validation(first)
    other = train.train(rhyme, tiny.model_copy(update={"seed": 1}))
    assert validation(other) != validation(first)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape, share",
    [({"cell": "gru"}, 0.8), ({"tied": True}, 0.95), ({"weight_dropout": 0.3, "layers": 1}, 0.8)],
)
def test_all_kinds_learn(rhyme, tiny, shape, share):
    training = train.train(rhyme, tiny.model_copy(update=shape))
    assert validation(training)[-1] < share * validation(training)[0]


@pytest.mark.slow
def test_what_is_kept_is_what_was_best_on_the_validation_part(whole):
    from studio.text import cross_entropy

    part = whole.plan.validation
    streams = max(1, min(train.TEST_STREAMS, len(part) // 256))
    best = cross_entropy.score(Network(whole.result.get_weights()), part, streams)
    assert best.nats_per_char == pytest.approx(min(validation(whole)), abs=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_state_is_carried_from_batch_to_batch(cell):
    core = model.build(TrainTextSettings(units=8, embedding=5, cell=cell), 7)
    streams = model.Streams(core, 3)
    indices = np.random.default_rng(0).integers(0, 7, (3, 12)).astype("int32")
    whole, _ = core(indices, [ops.zeros((3, 8)) for _ in core.state_shapes])
    pieces = [np.array(streams(part)) for part in np.split(indices, 3, axis=1)]
    assert np.allclose(np.concatenate(pieces, axis=1), whole, atol=1e-5)
    streams.forget()
    assert np.allclose(streams(indices[:, :4]), pieces[0], atol=1e-6)


@pytest.mark.slow
def test_a_text_without_order_ends_early(tiny):
    noise = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 3000))
    eager = tiny.model_copy(update={"patience": 2, "epochs": 40, "dropout": 0.0, "ema_share": 0.0})
    training = train.train(noise, eager)
    assert training.ended == "patience" and training.step < training.plan.steps
    assert len(validation(training)) - 1 - np.argmin(validation(training)) == 2


@pytest.mark.slow
def test_who_stops_gets_the_best_so_far_and_may_go_on(rhyme, tiny, whole, tmp_path):
    run, reports = checkpoints.Run(tmp_path / "run"), []
    progress = Progress(reports.append, cancelled=lambda: reports[-1].step == 40)
    stopped = train.train(rhyme, tiny, progress, run)
    assert stopped.ended == "cancelled" and stopped.step == 40
    assert len(stopped.result.get_weights()) == len(whole.result.get_weights())
    resumed = train.train(rhyme, tiny, None, run)
    assert validation(resumed) == pytest.approx(validation(whole), abs=1e-6)
    same(resumed.result.get_weights(), whole.result.get_weights())


@pytest.mark.slow
def test_who_stops_in_the_last_test_gets_it_when_it_goes_on(rhyme, tiny, tmp_path, monkeypatch):
    tiny = tiny.model_copy(update={"epochs": 3})
    whole = train.train(rhyme, tiny)
    run, test = checkpoints.Run(tmp_path / "run"), train.Trainer.test

    def broken(trainer, progress):
        if trainer.step == trainer.plan.steps:
            raise Cancelled
        return test(trainer, progress)

    with monkeypatch.context() as patch:
        patch.setattr(train.Trainer, "test", broken)
        assert train.train(rhyme, tiny, None, run).ended == "cancelled"
    resumed = train.train(rhyme, tiny, None, run)
    assert resumed.curves.steps == whole.curves.steps
    assert whole.curves.steps[-1] % whole.curves.steps[0]  # the last test is separate


def test_who_stops_before_the_first_step_gets_nothing(rhyme, tiny):
    with pytest.raises(Cancelled):
        train.train(rhyme, tiny, Progress(cancelled=lambda: True))


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_it_and_the_last_good_is_kept(rhyme, tiny, tmp_path, monkeypatch):
    run, learn, calls = checkpoints.Run(tmp_path / "run"), model.Streams.train_on_batch, []

    def breaks(self, *batch, **options):
        calls.append(1)
        return {"loss": float("nan")} if len(calls) == 70 else learn(self, *batch, **options)

    monkeypatch.setattr(model.Streams, "train_on_batch", breaks)
    training = train.train(rhyme, tiny, None, run)
    assert training.ended == "nan" and training.step == 69
    assert validation(training)[0] > min(validation(training))
    assert all(np.isfinite(array).all() for array in training.result.get_weights())


@pytest.mark.slow
def test_a_training_without_any_finite_loss_is_told(rhyme, tiny):
    core = model.build(tiny, len(set(rhyme)))
    broken = [np.full_like(array, np.nan) for array in core.get_weights()]
    with pytest.raises(StudioError, match="smaller learning rate"):
        train.train(rhyme, tiny, start=(broken, Vocabulary.of(rhyme)))


def same(weights, expected):
    for first, second in zip(weights, expected, strict=True):
        assert np.abs(first - second).max() <= 1e-6


@pytest.mark.slow
def test_it_may_begin_with_a_trained_model_of_other_characters(rhyme, tiny, whole):
    fresh = train.train(rhyme.upper() + "é" * 40, tiny.model_copy(update={"epochs": 1}))
    start = (whole.result.get_weights(), whole.vocabulary)
    # More characters than before, including all of the old ones.
    more = rhyme + "é" * 40
    training = train.train(more, tiny.model_copy(update={"epochs": 1}), start=start)
    assert validation(training)[0] < 0.7 * validation(fresh)[0]
    place = training.vocabulary.characters.index("é")
    assert place >= 0 and len(training.vocabulary) == len(whole.vocabulary) + 1


@pytest.mark.slow
def test_it_may_not_begin_with_a_model_of_another_shape(rhyme, tiny):
    core = model.build(tiny.model_copy(update={"units": 16}), 9)
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
def test_killed_and_resumed_it_has_the_weights_of_an_unbroken_run(rhyme, tiny, whole, tmp_path):
    """The process is killed with SIGKILL at random times until it finishes."""
    wish = {"text": rhyme, "settings": tiny.model_dump(), "folder": str(tmp_path / "run")}
    rng, kills = np.random.default_rng(0), 0
    while kills < 2:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        process.stdin.write(json.dumps(wish))
        process.stdin.close()
        first = int(process.stdout.readline())
        for _ in range(int(rng.integers(5, 40))):
            process.stdout.readline()
        time.sleep(float(rng.uniform(0, 0.05)))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (first > 1) == (kills > 0)
        kills += 1
    resumed = train.train(rhyme, tiny, None, checkpoints.Run(tmp_path / "run"))
    assert validation(resumed) == pytest.approx(validation(whole), abs=1e-6)
    assert resumed.curves.losses["learning"] == pytest.approx(whole.curves.losses["learning"], abs=1e-6)
    same(resumed.result.get_weights(), whole.result.get_weights())
    assert [p.suffix for p in (tmp_path / "run").iterdir() if not p.name.startswith(".")] == [".run"] * 2
