"""Model folders load without Keras, agree with Keras, and are rejected if invalid."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import saved_models

from studio.core import paths, recipes
from studio.core.errors import InvalidInput
from studio.core.models import loading, model_folder, model_zip, presets
from studio.text import language_model, model
from studio.text.networks import layout
from studio.text.settings import TrainTextSettings

SIZE = 7


def save_model(build_networks, letters, target="tiny", **shape):
    core, network = build_networks(SIZE, **shape)
    settings = TrainTextSettings(**{"units": 8, "embedding": 5, **shape})
    recipe = recipes.make("text.train", settings, {})
    data = {"vocabulary": letters.characters}
    return saved_models.save(target, core, "text.train", settings, "# Tiny\n", recipe, data), core, network


@pytest.mark.parametrize(
    "architecture, tied",
    [("lstm", False), ("lstm", True), ("gru", False), ("gru", True), ("transformer", False)],
)
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_it_loads_weights_that_keras_saved(home, build_networks, letters, architecture, tied, layers):
    preset, core, network = save_model(
        build_networks, letters, architecture=architecture, tied=tied, layers=layers
    )
    weights, settings, vocabulary = language_model.read_model(preset)
    assert vocabulary == letters
    assert all(np.array_equal(a, b) for a, b in zip(weights, core.get_weights(), strict=True))
    again = model.build_model(settings, SIZE)
    again.load_weights(preset.check_weights())
    assert all(np.array_equal(a, b) for a, b in zip(weights, again.get_weights(), strict=True))
    expected, _ = network.step(np.array([3]), network.states(1))
    loaded = language_model.load("tiny").network
    assert np.array_equal(loaded.step(np.array([3]), loaded.states(1))[0], expected)


def test_a_language_model_is_cached(home, build_networks, letters):
    save_model(build_networks, letters)
    assert language_model.load("tiny").network is language_model.load("tiny").network


def test_another_vocabulary_is_another_model(home, build_networks, letters, monkeypatch):
    """Otherwise a zip with the weights of a shared model could change what it writes."""
    monkeypatch.setattr(language_model, "_CACHE", {})
    preset, *_ = save_model(build_networks, letters)
    record = json.loads((preset.folder / model_folder.SETTINGS).read_text())
    record["data"]["vocabulary"] = letters.characters[::-1]
    forged = paths.ensure_home() / "forged"
    shutil.copytree(preset.folder, forged)
    (forged / model_folder.SETTINGS).write_text(json.dumps(record))
    unpacked = presets.unpack(model_zip.pack(forged), "forged")
    assert unpacked.digest == preset.digest
    assert language_model.load(unpacked).vocabulary.characters == letters.characters[::-1]
    assert language_model.load("tiny").vocabulary == letters


@pytest.mark.slow
def test_loading_does_not_import_keras(home, build_networks, letters):
    save_model(build_networks, letters)
    code = (
        "import sys; from studio.core import tasks; from studio.text.settings import WriteSettings;"
        "tasks.run('text.write', WriteSettings(preset='tiny', chars=9), {});"
        "sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _link_outside(file):
    del file["head/vars/1"]
    file["head/vars/1"] = h5py.ExternalLink("/etc/hostname", "/x")


def _soft_link(file):
    del file["head/vars/1"]
    file["head/vars/1"] = h5py.SoftLink("/head/vars/0")


def _compressed(file):
    del file["head/vars/1"]
    file.create_dataset("head/vars/1", (2**40,), "float32", chunks=True)


def _unstored(file):
    del file["head/vars/1"]
    file.create_dataset("head/vars/1", (SIZE,), "float32")


def _outside(file):
    del file["head/vars/1"]
    file.create_dataset("head/vars/1", (SIZE,), "float32", external=[("/etc/hostname", 0, 28)])


def _missing(file):
    del file["head"]


def _wrong_shape(file):
    del file["head/vars/1"]
    file["head/vars/1"] = np.zeros(SIZE + 1, "float32")


def _text_array(file):
    del file["head/vars/1"]
    file["head/vars/1"] = np.array([b"x"] * SIZE)


def _not_finite(file):
    file["head/vars/1"][0] = np.nan


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        _link_outside,
        _soft_link,
        _compressed,
        _unstored,
        _outside,
        _missing,
        _wrong_shape,
        _text_array,
        _not_finite,
    ],
)
def test_unsafe_or_wrong_weights_are_refused(home, build_networks, letters, damage):
    folder = save_model(build_networks, letters)[0].folder
    with h5py.File(folder / model_folder.WEIGHTS, "r+") as file:
        damage(file)
    record = json.loads((folder / model_folder.SETTINGS).read_bytes())
    record["weights"] = paths.file_digest(folder / model_folder.WEIGHTS)  # as an attacker would
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    with pytest.raises(InvalidInput, match="weights"):
        language_model.load(folder)


@pytest.mark.parametrize("claim", [{"heads": 1}, {"layers": 3}, {"units": 16}, {"sequence": 10**6}])
def test_a_transformer_that_claims_another_shape_is_refused(home, build_networks, letters, claim):
    shape = {"architecture": "transformer", "heads": 2, "layers": 2, "sequence": 16}
    folder = save_model(build_networks, letters, **shape)[0].folder
    record = json.loads((folder / model_folder.SETTINGS).read_bytes())
    record["settings"] |= claim
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    with pytest.raises(InvalidInput, match=r"weights|sequence"):
        language_model.load(folder)


@pytest.mark.parametrize("cut", [0, 100, -16])
def test_truncated_weights_are_refused(home, build_networks, letters, cut):
    path = save_model(build_networks, letters)[0].folder / model_folder.WEIGHTS
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InvalidInput, match="as it was saved"):
        language_model.load("tiny")
    with pytest.raises(InvalidInput, match="weights"):
        loading.read_arrays(path, layout(TrainTextSettings(units=8, embedding=5), SIZE))


@pytest.mark.parametrize("data", [{}, {"vocabulary": 7}, {"vocabulary": "aab"}, {"vocabulary": "abc"}])
def test_a_model_without_vocabulary_is_refused(home, build_networks, letters, data):
    folder = save_model(build_networks, letters)[0].folder
    record = json.loads((folder / model_folder.SETTINGS).read_bytes()) | {"data": data}
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    with pytest.raises(InvalidInput):
        language_model.load(folder)


def test_a_model_of_another_task_is_refused(home, build_networks, letters):
    folder = save_model(build_networks, letters)[0].folder
    record = json.loads((folder / model_folder.SETTINGS).read_bytes()) | {
        "task": "style.transfer",
        "settings": {},
    }
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    with pytest.raises(InvalidInput, match="a language model"):
        language_model.load(folder)
