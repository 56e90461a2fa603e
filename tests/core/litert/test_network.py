"""LiteRT files of shipped models agree with Keras; other models are converted once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tiny_enhance

from studio.core import caches, owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.litert import convert, network
from studio.core.models import presets
from studio.core.weights import index

EXPORTED = [name for name, preset in index.load().presets.items() if preset.litert]
LOAD_SCRIPT = """
import sys
import numpy as np
from pathlib import Path
from studio.core.litert import network
from studio.core.models import presets
light = np.linspace(0, 1, 12 * 10, dtype="float32").reshape(1, 12, 10, 1)
made = network.load(presets.find(Path(sys.argv[1])), "x2")(light)[0]
print("keras" in sys.modules, made.shape, float(np.abs(made).max()))
"""


@pytest.fixture
def model(home, tmp_path):
    return tiny_enhance.make(tmp_path / "model")


@pytest.fixture(scope="module")
def conversion(tmp_path_factory):
    """The STUDIO_HOME in which a process on JAX has loaded a model, and what it printed."""
    home = tmp_path_factory.mktemp("converted")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "STUDIO_HOME": str(home)}
    command = [sys.executable, "-P", "-c", LOAD_SCRIPT, str(tiny_enhance.make(home / "model").folder)]
    process = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return home, process.stdout


@pytest.fixture
def converted_model(conversion, tmp_path, monkeypatch):
    """A copy of that model, in the STUDIO_HOME that has its converted files."""
    home, _ = conversion
    monkeypatch.setenv("STUDIO_HOME", str(home))
    return presets.find(shutil.copytree(home / "model", tmp_path / "model"))


def find_converted_files():
    """Returns the files in the cache."""
    folder = paths.ensure_folder("cache") / "litert"
    return sorted(f"{file.parent.name}/{file.name}" for file in folder.glob("*/*"))


def contains_weights_of_others(name):
    list_embedded_weights = tasks.get(index.load().presets[name].task).list_embedded_weights
    return bool(list_embedded_weights and tasks.import_object(list_embedded_weights)(presets.find(name)))


def test_every_exportable_shipped_model_ships_its_files():
    exportable = {
        name
        for name, preset in index.load().presets.items()
        if tasks.get(preset.task).load_networks and not contains_weights_of_others(name)
    }
    assert exportable == set(EXPORTED) >= {"house", "enlarge", "clean", "colorize-quick", "sketch"}
    for name in EXPORTED:
        folder = presets.find(name).folder
        assert {file.stem for file in folder.glob("*.tflite")} == set(index.load().presets[name].litert)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTED)
def test_a_shipped_file_agrees_with_keras(name):
    preset, rng = presets.find(name), np.random.default_rng(0)
    for part, model in tasks.import_object(tasks.get(preset.task).load_networks)(preset).items():
        shapes = [[1, *(side or 48 for side in tensor.shape[1:])] for tensor in model.inputs]
        inputs = [rng.random(shape, "float32") for shape in shapes]
        expected = np.asarray(model(inputs if len(inputs) > 1 else inputs[0], training=False))
        (output,) = network.load(preset, part)(*inputs)
        assert output.shape == expected.shape and expected.std() > 0.01
        assert np.abs(output - expected).max() < 0.002 * np.ptp(expected)


def test_a_network_accepts_inputs_of_several_sizes_and_no_file_of_a_users_model_is_read(converted_model):
    (converted_model.folder / "x3.tflite").write_bytes(b"from another user")
    enlarge = network.load(converted_model, "x3")
    for shape in ((1, 8, 12, 1), (1, 20, 9, 1), (1, 8, 12, 1)):
        (output,) = enlarge(np.zeros(shape, "float32"))
        assert output.shape == (1, 3 * shape[1], 3 * shape[2], 1)


class Converted(Exception):
    """Raised instead of a second conversion, which takes seconds."""


def test_a_model_is_converted_once_for_its_owner_and_again_after_its_files_are_removed(
    model, conversion, monkeypatch
):
    def convert_once(preset, folder):
        if conversions:
            raise Converted
        conversions.append(preset)
        for file in conversion[0].glob("cache/litert/*/*.tflite"):
            shutil.copy(file, folder)

    conversions = []
    monkeypatch.setattr(convert, "convert", convert_once)
    with owners.acting_as("ann"):
        for part in ("x2", "x3", "x2"):
            network.load(model, part)
        assert len(find_converted_files()) == 3
        assert caches.measure_used_bytes("ann") > 1000
    caches.evict("ann", 0)
    assert not find_converted_files()
    with pytest.raises(Converted):
        network.load(model, "x2")


@pytest.mark.slow
def test_conversion_leaves_keras_out_of_this_process_and_works_with_jax(conversion, monkeypatch):
    is_keras_loaded, rest = conversion[1].split(" ", 1)
    assert is_keras_loaded == "False"
    images = np.linspace(0, 1, 120, dtype="float32").reshape(1, 12, 10, 1)
    expected_max = float(np.abs(tiny_enhance.build_network()(images)[0]).max())
    assert rest.startswith("(1, 24, 20, 1)") and float(rest.split()[-1]) == pytest.approx(
        expected_max, rel=1e-4
    )
    assert convert.can_export()
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    assert not convert.can_export(), "a process that has loaded Keras on JAX leaves it to another one, too"


def test_weights_of_another_shape_are_refused(model):
    settings = json.loads((model.folder / "settings.json").read_text())
    settings["settings"]["width"] = 12
    (model.folder / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(InvalidInput, match="Use the weights file that training saved"):
        network.load(presets.find(model.folder), "x2")


def test_a_failed_conversion_is_reported_and_leaves_nothing(model, monkeypatch):
    monkeypatch.setattr(convert, "can_export", lambda: False)
    monkeypatch.setattr(
        network.children, "build_command", lambda *words: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    with pytest.raises(StudioError, match="could not be converted"):
        network.load(model, "x2")
    assert not find_converted_files()


def test_a_shipped_file_that_was_changed_is_refused(tmp_path, monkeypatch):
    shutil.copytree(paths.shipped_path("pretrained"), tmp_path / "pretrained", symlinks=True)
    monkeypatch.setattr(paths, "shipped_path", lambda name: tmp_path / name)
    path = tmp_path / "pretrained" / "clean" / "network.tflite"
    network.load(presets.find("clean"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InvalidInput, match="as it was shipped"):
        network.load(presets.find("clean"))
