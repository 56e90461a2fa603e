"""The estimated training time counts the images without cached features."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import features
from studio.core import data, paths, tasks
from studio.core.objectives import backbones
from studio.core.weights import pretrained


@pytest.fixture(autouse=True)
def _home(home):
    """Starts without cached features."""


@pytest.fixture
def file(class_folder):
    return data.store_reference(str(class_folder))


def usual(file, **settings):
    task = tasks.get("classify.train")
    return tasks.import_object(task.usual)(TrainClassifierSettings(**settings), {"data": [file]})


def looked_at(dataset, name, monkeypatch):
    """Caches features of these images, as the backbone would."""
    monkeypatch.setattr(pretrained, "expected_digest", lambda name: "f" * 64)
    spec = backbones.find_spec(name)
    store = features.FeatureCache(name, "f" * 64, dataset.images.shape[1])
    store.add(dataset.digests, np.zeros((len(dataset.digests), spec.layers[spec.last]), "float32"))


def test_more_to_look_at_takes_longer(file, class_folder, tmp_path):
    few = tmp_path / "few"
    for folder in class_folder.iterdir():
        (few / folder.name).mkdir(parents=True)
        for image in sorted(folder.iterdir())[:4]:
            (few / folder.name / image.name).write_bytes(image.read_bytes())
    assert 0 < 2 * usual(data.store_reference(str(few))) < usual(file) < usual(file, backbone="vgg16")
    assert usual(file, size=32) < usual(file) < usual(file, size=320)


def test_fine_tuning_takes_longer_the_longer_it_lasts_and_the_deeper_it_goes(file):
    tuned = {"finetune": True, "held_out": 0.3}
    once, twice, deeper = (
        usual(file, **tuned, **more) for more in ({"epochs": 5}, {"epochs": 10}, {"epochs": 10, "blocks": 2})
    )
    assert usual(file) < once < twice < deeper
    assert usual(file, finetune=True, flip=False) < usual(file, finetune=True)


def test_what_was_looked_at_is_not_looked_at_again(file, monkeypatch):
    before = usual(file)
    dataset = data.load_dataset(file, 224)
    assert usual(file) < before  # now they are decoded
    read = usual(file)
    looked_at(dataset, "resnet50", monkeypatch)
    assert usual(file) < 0.2 * read
    assert usual(file, backbone="vgg16") > read
    assert usual(file, finetune=True) > read  # starts without cached features


def test_a_spoilt_cache_is_as_none(file, monkeypatch):
    dataset = data.load_dataset(file, 224)
    read = usual(file)
    looked_at(dataset, "resnet50", monkeypatch)
    for part in (paths.folder("cache") / "classify").rglob("*.npz"):
        part.write_bytes(b"nonsense")
    assert usual(file) == read


def test_of_a_set_that_would_be_fetched_nothing_is_told(monkeypatch):
    monkeypatch.setattr("studio.core.data.builders.check_reachable", lambda text: None)
    monkeypatch.setattr("studio.core.data.builders.read_state", lambda text: "")
    file = data.store_reference("tfds:mnist")
    assert (
        tasks.expected_seconds(tasks.get("classify.train"), TrainClassifierSettings(), {"data": [file]})
        is None
    )


@pytest.mark.slow
def test_it_loads_no_keras(class_folder):
    code = (
        "import sys; from studio.core import data, tasks; from studio.classify.settings import *;"
        "file, task = data.reference(sys.argv[1]), tasks.get('classify.train');"
        "seconds = tasks.expected_seconds(task, TrainClassifierSettings(), {'data': [file]});"
        "print(seconds > 0, 'keras' in sys.modules)"
    )
    words = [sys.executable, "-c", code, str(class_folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
