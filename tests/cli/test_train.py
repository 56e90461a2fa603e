"""`studio train text`: writes a model folder, and resumes after an interruption."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest
import tensorflow as tf

from studio.cli import main, running
from studio.core import paths, tasks
from studio.core.errors import InsufficientSpace
from studio.core.models import presets
from studio.core.training import publish
from studio.text.train import Trainer
from tests.wording import says_what_to_do


@pytest.fixture
def text(rhyme, tmp_path, home, monkeypatch):
    """A text in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("rhyme.txt").write_text(rhyme)
    return Path("rhyme.txt")


@pytest.fixture
def train(text, quick_flags, run_command):
    """Runs a short `studio train text`."""
    return lambda *words: run_command("train", "text", text, *quick_flags, "--epochs", "1", *words)


def test_help_lists_trainable_models(capsys):
    with pytest.raises(SystemExit) as left:
        main(["train", "--help"])
    out, _ = capsys.readouterr()
    assert left.value.code == 0
    assert "text" in out and "language model on a text" in out


@pytest.mark.slow
def test_train_prints_the_path_of_the_model_and_logs_for_tensorboard(train, run_command):
    code, out, err = train("-o", "deep/model", "--tensorboard", "logs/first")
    assert (code, out) == (0, "deep/model\n")
    assert "nats_per_char" in err and "bits_per_char" in err
    model = presets.find(Path("deep/model"))
    assert (model.task, model.read_settings().units, model.read_settings().epochs) == ("text.train", 16, 1)
    assert run_command("write", "--preset", "deep/model", "the", "--chars", "5")[1].startswith("the")
    [path] = Path("logs/first").iterdir()
    scalars: dict[str, dict[int, float]] = {}
    for record in tf.data.TFRecordDataset(str(path)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == "scalars"
            scalars.setdefault(value.tag, {})[event.step] = float(tf.make_ndarray(value.tensor))
    figures = model.read_data()["figures"]
    assert scalars.keys() == {"learning", "validation"}
    assert scalars["validation"][figures["steps"]] == pytest.approx(figures["curve"]["test"][-1])


@pytest.mark.slow
def test_train_overwrites_and_starts_from_a_model(train):
    code, out, err = train("-o", "model", "--json", "--quiet")
    first = json.loads(out)
    assert (code, err, first["path"]) == (0, "", "model")
    assert 0 < first["figures"]["nats_per_char"] < 5
    before = presets.find(Path("model")).digest
    code, out, _ = train("-o", "next", "--start-from", "model", "--json", "--quiet")
    assert json.loads(out)["figures"]["nats_per_char"] < first["figures"]["nats_per_char"]
    code, _, err = train("-o", "model", "--seed", "1", "--quiet")
    assert code == 2 and "holds a trained model" in err and presets.find(Path("model")).digest == before
    assert train("-o", "model", "--json", "--quiet")[0] == 0, "the same training may replace its own model"
    before = presets.find(Path("model")).digest
    assert train("-o", "model", "--seed", "1", "--overwrite", "--quiet")[:2] == (0, "model\n")
    assert presets.find(Path("model")).digest != before


def test_tensorboard_needs_a_folder(train):
    code, _, err = train("-o", "model", "--tensorboard", "rhyme.txt")
    assert code == 2 and "--tensorboard" in err and says_what_to_do(err) and not Path("model").exists()


@pytest.fixture
def recorded_steps(monkeypatch):
    """Records training steps, and presses Ctrl-C at step `stop_at` of the list."""

    class Steps(list):
        stop_at = 0

    steps_seen, advance = Steps(), Trainer.advance

    def watched(trainer):
        result = advance(trainer)
        steps_seen.append(trainer.step + 1)
        if trainer.step + 1 == steps_seen.stop_at:
            signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(Trainer, "advance", watched)
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)  # where the signal arrives
    return steps_seen


@pytest.mark.slow
def test_failed_save_keeps_the_checkpoints_and_ctrl_c_the_best_from_which_resume_continues(
    train, recorded_steps, monkeypatch
):
    monkeypatch.setattr(publish, "File", FullDisk)
    code, _, err = train("-o", "unbroken")
    assert code == 2 and "disk is full" in err
    monkeypatch.setattr(publish, "File", tasks.File)
    last = recorded_steps[-1]
    recorded_steps.clear()
    code, out, _ = train("-o", "unbroken", "--json")
    assert code == 0 and recorded_steps == []
    unbroken = json.loads(out)["figures"]
    recorded_steps.stop_at = 9
    code, out, err = train("-o", "model")
    assert (code, out) == (130, "model\n")
    assert "best so far is saved" in err
    stopped = presets.find(Path("model")).read_data()["figures"]
    assert stopped["steps"] == 9
    recorded_steps.stop_at = 0
    recorded_steps.clear()
    code, out, err = train("-o", "model", "--resume", "--json", "--quiet")
    resumed = json.loads(out)["figures"]
    assert (code, err, recorded_steps[0], recorded_steps[-1]) == (0, "", 10, last)
    # Not bit-exact, because the order of sums varies on several cores.
    assert resumed["nats_per_char"] == pytest.approx(unbroken["nats_per_char"], abs=1e-4)
    assert stopped["nats_per_char"] > unbroken["nats_per_char"] + 0.01


@pytest.mark.slow
def test_training_resumes_by_default_with_a_note_and_starts_over_on_request(
    train, recorded_steps, monkeypatch
):
    monkeypatch.setattr(running, "MIN_NOTED_SECONDS", 0.0)
    recorded_steps.stop_at = 3
    code, _, err = train("-o", "model")
    assert code == 130 and "from its beginning" not in err
    recorded_steps.stop_at = 5
    recorded_steps.clear()
    code, _, err = train("-o", "model")
    assert (code, list(recorded_steps)) == (130, [4, 5])
    assert "continues where the same training was stopped; --no-resume starts over" in err
    assert "here from its beginning" in err
    recorded_steps.stop_at = 1
    recorded_steps.clear()
    code, _, err = train("-o", "model", "--no-resume")
    assert (code, list(recorded_steps)) == (130, [1]) and "from its beginning" not in err
    shutil.rmtree(paths.ensure_folder("runs"))
    assert "nothing to resume" in train("-o", "model", "--resume")[2]


class FullDisk:
    """A file that cannot be written."""

    @staticmethod
    def store(*_):
        raise InsufficientSpace("The disk is full. Make room.")


INVALID_COMMANDS = {
    "no kind": ["train"],
    "an unknown kind": ["train", "sculpture", "rhyme.txt", "-o", "model"],
    "no data": ["train", "text", "-o", "model"],
    "no folder": ["train", "text", "rhyme.txt"],
    "data that are not there": ["train", "text", "nothing.txt", "-o", "model"],
    "a folder as text": ["train", "text", ".", "-o", "model"],
    "a binary file": ["train", "text", "binary", "-o", "model"],
    "an empty file": ["train", "text", "empty", "-o", "model"],
    "a file as folder": ["train", "text", "rhyme.txt", "-o", "empty"],
    "the text itself as folder": ["train", "text", "rhyme.txt", "-o", "rhyme.txt"],
    "a folder with other things": ["train", "text", "rhyme.txt", "-o", "."],
    "a folder in a file": ["train", "text", "rhyme.txt", "-o", "empty/model"],
    "NUL in the folder": ["train", "text", "rhyme.txt", "-o", "a\0b"],
    "a start that is not there": ["train", "text", "rhyme.txt", "-o", "model", "--start-from", "nobody"],
    "too many units": ["train", "text", "rhyme.txt", "-o", "model", "--units", "9999"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line_before_training(argv, text, run_command, monkeypatch):
    Path("binary").write_bytes(bytes(range(256)) * 9)
    Path("empty").touch()
    monkeypatch.setattr("studio.text.task.train", lambda *_: pytest.fail("the training was started"))
    before = {path.name for path in Path().iterdir()} | {"home"}
    code, out, err = run_command(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says_what_to_do(err) or "See `studio" in err
    assert {path.name for path in Path().iterdir()} <= before
