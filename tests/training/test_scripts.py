"""The training scripts, and publishing of their models."""

from __future__ import annotations

import importlib
import json
import shutil

import h5py
import numpy as np
import pytest

from studio.core import paths
from studio.core.models import model_folder, presets
from studio.core.weights import index
from studio.text import language_model
from training import publish, script

WORDS = ["--epochs", "1", "--units", "24", "--embedding", "8", "--streams", "4", "--sequence", "16"]


@pytest.fixture
def text(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "numbers.txt"
    path.write_text(" ".join(rng.choice(["one", "two", "three"], 800)))
    return path


def train(text, out, *words):
    return script.main("text.train", "train_text", [str(text), "-o", str(out), *WORDS, *words])


@pytest.mark.slow
def test_a_script_trains_a_model_and_prints_its_figures(home, text, tmp_path, capsys):
    assert train(text, tmp_path / "model") == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(tmp_path / "model")
    assert "nats_per_char" in err and "bits_per_char" in err
    assert language_model.load(tmp_path / "model").vocabulary.characters == " ehnortw"
    assert train(text, tmp_path / "next", "--json", "--start-from", str(tmp_path / "model")) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["path"] == str(tmp_path / "next") and report["figures"]["nats_per_char"] < 3


@pytest.mark.parametrize(
    "words, says",
    [
        (["nothing.txt", "-o", "model"], "nothing.txt"),
        (["numbers.txt"], "-o"),
        (["numbers.txt", "-o", "."], "new folder"),
        (["numbers.txt", "-o", "model", "--units", "1"], "units"),
        (["numbers.txt", "-o", "model", "--encoding", "klingon"], "klingon"),
        (["numbers.txt", "-o", "model", "--start-from", "nobody"], "nobody"),
    ],
)
def test_invalid_input_is_one_line(home, text, monkeypatch, capsys, words, says):
    monkeypatch.chdir(text.parent)
    assert script.main("text.train", "train_text", words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and says in err and err.count("\n") == 1


@pytest.mark.parametrize("name", ["train_text", "publish"])
def test_scripts_document_their_command(name, capsys):
    module = importlib.import_module(f"training.{name}")
    assert "Command: python -m training." in module.__doc__


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A pretrained folder of this test."""
    shutil.copytree(paths.shipped_path("pretrained"), tmp_path / "pretrained")
    monkeypatch.setattr(paths, "shipped_path", lambda name: tmp_path / name)
    index.load.cache_clear()
    yield tmp_path / "pretrained"
    index.load.cache_clear()


@pytest.mark.slow
def test_a_model_is_published_in_float16(home, text, tmp_path, shipped, capsys):
    train(text, tmp_path / "model")
    words = [str(tmp_path / "model"), "--name", "numbers", "--license", "CC0-1.0", "--trained-on", "numbers"]
    assert publish.main(words) == 0
    model, entry = presets.find("numbers"), index.load().presets["numbers"]
    assert model.folder == shipped / "numbers" and "numbers" in presets.list_names()
    assert entry.license == "CC0-1.0" and "\nLicense: CC0-1.0\n" in model.read_card()
    assert entry.command.startswith("python -m training.train_text numbers.txt")
    lines = (model.folder / model_folder.SETTINGS).read_text().splitlines()
    assert '  "figures": {' in lines and not [line for line in lines if line.strip()[0] in "-0123456789"]
    assert entry.figures["nats_per_char"] == model.read_data()["figures"]["nats_per_char"]
    full, half = language_model.load(tmp_path / "model").network, language_model.load("numbers").network
    assert np.allclose(full.table, half.table, atol=1e-3) and not np.array_equal(full.table, half.table)
    sizes = [(folder / model_folder.WEIGHTS).stat().st_size for folder in (tmp_path / "model", model.folder)]
    assert sizes[1] < 0.8 * sizes[0]
    assert publish.main([*words, "--full"]) == 0
    assert np.array_equal(language_model.load("numbers").network.table, full.table)


@pytest.mark.slow
def test_a_vae_can_be_published_without_its_discriminator(tmp_path):
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        for name in (
            "decoder/layers/dense/vars/0",
            "discriminator/layers/dense/vars/0",
            "vgg16_discriminator/vars/0",
        ):
            file[name] = np.ones((2, 2), "float32")
    for without, arrays in (
        ((), {"decoder", "discriminator", "vgg16_discriminator"}),
        (publish._DISCRIMINATORS, {"decoder"}),
    ):
        publish.halve(tmp_path / "whole.h5", tmp_path / "half.h5", without)
        with h5py.File(tmp_path / "half.h5") as file:
            assert set(file) == arrays and file["decoder/layers/dense/vars/0"].dtype == "float16"


def test_a_model_without_figures_is_not_published(home, text, tmp_path, shipped, capsys):
    train(text, tmp_path / "model")
    path = tmp_path / "model" / model_folder.SETTINGS
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps(record | {"data": {}}))
    words = [str(tmp_path / "model"), "--name", "numbers", "--license", "CC0-1.0", "--trained-on", "numbers"]
    assert publish.main(words) == 2
    assert "figures" in capsys.readouterr().err
    assert "numbers" not in json.loads((shipped / "index.json").read_bytes())["presets"]
