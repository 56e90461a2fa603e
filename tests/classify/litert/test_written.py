"""Brought classifiers are asked without Keras from their second look on, and say what Keras says."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import third_party_networks
from skimage import data

from studio.classify.litert import from_keras, written
from studio.classify.models import imported_classifier
from studio.classify.settings import AUTO, PredictSettings
from studio.core import tasks
from studio.core.pictures import images
from studio.core.tasks import File
from studio.imported import files

pytestmark = pytest.mark.usefixtures("near")
# An own process: this one has loaded Keras.
ASKED = """
import json, sys
from studio.classify.settings import PredictSettings
from studio.core import tasks
model, picture = sys.argv[1:]
inputs = {"pictures": [tasks.File(picture, "picture", "a.png")]}
inputs["model"] = [tasks.File(model, "model", "net.keras")]
made = tasks.run("classify.predict", PredictSettings(), inputs)
print(json.dumps(["keras" in sys.modules, made.files[0].digest]))
"""


def given(tmp_path, network) -> File:
    return files.keep(third_party_networks.save(tmp_path / "net.keras", network))


def flat() -> keras.Model:
    layers = keras.layers
    return keras.Sequential([keras.Input((784,)), layers.Dense(9, "relu"), layers.Dense(3, "softmax")])


NETWORKS = {
    "shares of one": lambda: third_party_networks.usual(end="softmax"),
    "logits": lambda: third_party_networks.usual(end=None),
    "shares apart": lambda: third_party_networks.usual(3, end="sigmoid"),
    "one share": third_party_networks.single,
    "a row of numbers": flat,
    "nested": third_party_networks.transferred,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("levels", [AUTO, "0-1", "imagenet-torch"])
def test_it_says_what_the_whole_network_says(name, levels, tmp_path):
    if name == "nested" and levels != AUTO:
        pytest.skip("levels are the same for all, and this one is large")
    file, pictures = given(tmp_path, NETWORKS[name]()), [data.chelsea(), data.coffee()[:90]]
    row = name == "a row of numbers"
    assert written.found(file, levels, row) is None
    made = written.make(file, levels, row, pictures[0])
    whole = imported_classifier.open(file, levels, row)
    assert made is not None and (made.name, made.digest, made.classes) == (
        whole.name,
        whole.digest,
        whole.classes,
    )
    assert made.probabilities(pictures) == pytest.approx(whole.probabilities(pictures), abs=1e-3)
    again = written.found(file, levels, row)
    assert again is not None and (again.probabilities(pictures) == made.probabilities(pictures)).all()


@pytest.mark.slow
def test_the_second_look_loads_no_keras_and_says_the_very_same(home, tmp_path):
    file = given(tmp_path, third_party_networks.usual())
    picture = File.keep(images.encode_png(data.chelsea()), "picture", "a.png")
    first = tasks.run("classify.predict", PredictSettings(), {"pictures": [picture], "model": [file]})
    words = [sys.executable, "-P", "-c", ASKED, file.digest, picture.digest]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said.strip() == f'[false, "{first.files[0].digest}"]'


@pytest.mark.slow
def test_one_that_would_say_something_else_is_left_to_keras(tmp_path, monkeypatch):
    file = given(tmp_path, third_party_networks.usual())
    other = third_party_networks.usual()
    good = from_keras.write
    with monkeypatch.context() as patch:
        patch.setattr(from_keras, "write", lambda network, shape: good(other, shape))
        assert written.make(file, AUTO, False, data.chelsea()) is None
    assert written.found(file, AUTO, False) is None
    assert written.make(file, AUTO, False, data.chelsea()) is None, "it was tried"


@pytest.mark.slow
def test_one_of_layers_that_are_not_written_is_asked_by_keras(tmp_path):
    layers = keras.layers
    steps = [keras.Input((24, 24, 3)), layers.LayerNormalization(), layers.Flatten(), layers.Dense(3)]
    file = given(tmp_path, keras.Sequential([*steps, layers.Softmax()]))
    picture = File.keep(images.encode_png(data.chelsea()), "picture", "a.png")
    result = tasks.run("classify.predict", PredictSettings(), {"pictures": [picture], "model": [file]})
    expected = imported_classifier.open(file).probabilities([data.chelsea()])[0].max()
    (told,) = result.figures["pictures"]
    assert told["labels"][0]["probability"] == pytest.approx(float(expected), abs=1e-6)
    assert np.isfinite(expected)
