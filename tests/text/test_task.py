"""The text tasks: training to a packed model, and sampling, with recipes, metrics and cards."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest

from studio.core import tasks
from studio.core.data import corpus
from studio.core.errors import InvalidInput
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.training import checkpoints
from studio.text import cross_entropy, language_model, nll, score, write
from studio.text.settings import TrainTextSettings, WriteSettings


@pytest.fixture
def text(home, rhyme) -> File:
    return File.store(rhyme.encode(), "text", "rhyme.txt")


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory, rhyme, tiny):
    """A model that is trained once for all tests of this file, and its STUDIO_HOME."""
    left = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(left))
        text = File.store(rhyme.encode(), "text", "rhyme.txt")
        return tasks.run("text.train", tiny, {"text": [text]}), left


@pytest.fixture
def trained(trained_once, home):
    result, left = trained_once
    shutil.copytree(left, home, dirs_exist_ok=True)
    return result


@pytest.mark.slow
def test_training_gives_a_complete_model(trained, text, tiny, rhyme, home):
    (file,) = trained.files
    assert (file.kind, file.name) == ("model", "rhyme.zip")
    preset = presets.unpack(file.read(), "rhyme")
    assert preset.read_settings() == tiny and preset.read_recipe() == trained.recipe
    assert preset.read_data()["vocabulary"] == "".join(sorted(set(rhyme)))
    assert preset.read_data()["figures"] == trained.figures
    model = language_model.load("rhyme")
    held_out = model.vocabulary.encode(rhyme).indices[round(len(rhyme) * 0.9) :]
    exact = cross_entropy.score(model.network, held_out)
    assert trained.figures["nats_per_char"] == pytest.approx(exact.nats_per_char, abs=1e-5)
    assert trained.figures["bits_per_char"] == pytest.approx(exact.nats_per_char / math.log(2), abs=1e-5)
    assert trained.figures["held_out_chars"] == len(held_out) - 1
    assert trained.figures["validation_nats"] == min(trained.figures["curve"]["test"])
    assert trained.recipe.inputs["text"][0].digest == text.digest
    assert not list((home / "runs").iterdir())  # a finished run leaves no checkpoints


@pytest.mark.slow
def test_the_card_has_figures_command_and_samples(trained, home):
    card = presets.unpack(trained.files[0].read(), "rhyme").read_card()
    assert f"{trained.figures['nats_per_char']:.4f}" in card
    assert "python -m training.train_text rhyme.txt -o DIR --learning-rate 0.01 --epochs 2 --units 24" in card
    assert "\nLicense: not stated\n" in card
    assert [f"temperature {t:g}" in card for t in (0.5, 0.8, 1.1)] == [True] * 3
    assert card.count("likes") > 3  # it has learned the word


def test_the_model_writes_as_upload_and_as_preset(trained, home):
    presets.unpack(trained.files[0].read(), "rhyme")
    settings = WriteSettings(preset="rhyme", prompt="the ", chars=50, seed=3)
    named = tasks.run("text.write", settings, {})
    from_input = tasks.run(
        "text.write", settings.model_copy(update={"preset": "nobody"}), {"model": trained.files}
    )
    assert named.files[0].read() == from_input.files[0].read()
    text_written = named.files[0].read().decode()
    assert text_written.startswith("the ") and len(text_written) == 54
    assert named.figures["chars"] == len(named.figures["nats"]) == 50
    assert named.figures["nats_per_char"] == pytest.approx(np.mean(named.figures["nats"]), abs=1e-3)
    assert named.recipe.weights == {"rhyme": presets.find("rhyme").digest}
    assert named.recipe.parse_settings() == settings


def test_the_recipe_of_a_stopped_text_repeats_it(trained, home, monkeypatch):
    presets.unpack(trained.files[0].read(), "rhyme")
    monkeypatch.setattr(write, "REPORT_SECONDS", 0)
    reports = []
    progress = Progress(reports.append, cancelled=lambda: len(reports) == 20)
    settings = WriteSettings(preset="rhyme", count=2, stop="”likes", chars=500)
    stopped = tasks.run("text.write", settings, {}, progress)
    assert stopped.stopped_early and stopped.recipe.parse_settings().chars == 20
    assert any("No text ends before the stop text" in note for note in stopped.figures["notes"])
    again = tasks.run("text.write", stopped.recipe.parse_settings(), {})
    assert [file.digest for file in again.files] == [file.digest for file in stopped.files]


def test_unknown_characters_of_the_prompt_are_noted(trained, home):
    presets.unpack(trained.files[0].read(), "rhyme")
    settings = WriteSettings(preset="rhyme", prompt="THE É日", chars=5)
    notes = tasks.run("text.write", settings, {}).figures["notes"]
    assert any(note.startswith("É was read as e") for note in notes)
    assert any("Left out" in note and "日" in note for note in notes)


def test_several_samples_are_several_files(trained, home):
    presets.unpack(trained.files[0].read(), "rhyme")
    files = tasks.run("text.write", WriteSettings(preset="rhyme", chars=40, count=3), {}).files
    assert [file.name for file in files] == ["rhyme-1.txt", "rhyme-2.txt", "rhyme-3.txt"]
    assert len({file.digest for file in files}) == 3


def test_an_immediate_stop_text_gives_an_empty_file(trained, home):
    presets.unpack(trained.files[0].read(), "rhyme")
    settings = WriteSettings(preset="rhyme", prompt="the", chars=9, seed=3)
    first = tasks.run("text.write", settings, {}).files[0].read().decode()[3]
    result = tasks.run("text.write", settings.model_copy(update={"stop": first}), {})
    assert result.files[0].read() == b"the"
    assert (result.figures["chars"], result.figures["nats_per_char"], result.figures["nats"]) == (0, 0, [])


@pytest.mark.slow
def test_a_stopped_run_gives_a_model_and_can_be_resumed(text, tiny, home, monkeypatch):
    reports = []
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", -1.0)
    progress = Progress(reports.append, cancelled=lambda: reports[-1].step > 60)
    result = tasks.run("text.train", tiny, {"text": [text]}, progress)
    assert result.stopped_early and result.figures["ended"] == "cancelled"
    assert presets.unpack(result.files[0].read(), "half").read_data()["figures"]["steps"] < 100
    assert checkpoints.find_run("text.train", tiny, {"text": [text]}).load() is not None
    whole = tasks.run("text.train", tiny, {"text": [text]})
    assert not whole.stopped_early and whole.figures["curve"]["steps"][-1] == whole.figures["steps"]


@pytest.mark.slow
def test_a_run_starts_from_a_model(trained, text, tiny, home):
    again = tiny.model_copy(update={"epochs": 1})
    result = tasks.run("text.train", again, {"text": [text], "start": trained.files})
    assert result.figures["curve"]["test"][0] < trained.figures["curve"]["test"][0] - 0.5
    preset = presets.unpack(result.files[0].read(), "again")
    assert "started from the weights of rhyme" in preset.read_card()
    assert (
        "rhyme.txt -o DIR --start-from rhyme --learning-rate 0.01 --epochs 1" in preset.read_data()["command"]
    )
    assert result.recipe.inputs["start"][0].digest == trained.files[0].digest


@pytest.mark.slow
def test_a_transformer_is_trained_scored_compared_and_fine_tuned(text, tiny, home, tmp_path):
    values = tiny.model_dump() | {"architecture": "transformer", "heads": 2, "layers": 1, "epochs": 1}
    settings = TrainTextSettings(**values)
    result = tasks.run("text.train", settings, {"text": [text]})
    preset = presets.unpack(result.files[0].read(), "rhyme")
    assert preset.read_settings() == settings
    assert "A character-level Transformer with 1 layer of 24 units, 2 attention heads" in preset.read_card()
    path = tmp_path / "rhyme.txt"
    path.write_bytes(text.read())
    scored = score.score_preset(preset, str(path), None, Progress())
    assert scored["nats_per_char"] == pytest.approx(result.figures["nats_per_char"], abs=1e-6)
    samples = {}
    for precision in ("int8", "float32"):
        write_settings = WriteSettings(preset="rhyme", prompt="the cat", temperature=0, precision=precision)
        samples[precision] = tasks.run("text.write", write_settings, {}).figures
    assert samples["int8"]["nats"][:8] == pytest.approx(samples["float32"]["nats"][:8], abs=0.1)
    nlls = nll.compute_nlls(language_model.load("rhyme"), "the cat likes milk.\n").nats
    assert nlls.mean() < 2 < math.log(len(language_model.load("rhyme").vocabulary))
    inputs = {"text": [text], "start": list(result.files)}
    again = tasks.run("text.train", settings, inputs)
    assert again.figures["curve"]["test"][0] < result.figures["curve"]["test"][0] - 0.5
    with pytest.raises(InvalidInput, match="architecture lstm"):
        tasks.check("text.train", tiny, inputs)


@pytest.mark.parametrize("data", [b"", b"short", b"\x89PNG" + b"x" * 200, b" " * 500])
def test_a_bad_text_is_refused_before_keras_is_imported(home, tiny, data):
    file = File.store(data, "text", "bad.txt")
    with pytest.raises(InvalidInput, match="text"):
        tasks.check("text.train", tiny, {"text": [file]})


@pytest.mark.parametrize("preset", ["nobody", "", "/nowhere"])
def test_a_missing_preset_is_refused(home, preset):
    with pytest.raises(InvalidInput, match="preset"):
        tasks.check("text.write", WriteSettings(preset=preset), {})


def test_a_file_that_is_not_a_model_is_refused(home, text):
    broken = File.store(b"PK\x03\x04 nothing", "model", "model.zip")
    with pytest.raises(InvalidInput, match="model"):
        tasks.run("text.write", WriteSettings(), {"model": [broken]})


@pytest.mark.slow
def test_a_text_of_emoji_in_a_given_encoding_can_be_learned(home, tiny):
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("🙂🎉🌧🐈"), 600))
    assert corpus.read(text.encode()).text == text
    file = File.store(text.encode("utf-16-le"), "text", "emoji.txt")  # not detected without its encoding
    settings = tiny.model_copy(update={"epochs": 1, "encoding": "utf-16-le"})
    result = tasks.run("text.train", settings, {"text": [file]})
    presets.unpack(result.files[0].read(), "emoji")
    sample = tasks.run("text.write", WriteSettings(preset="emoji", chars=20), {}).files[0].read().decode()
    assert set(sample) <= set(text) and len(sample) == 20
