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


def estimate(file, **settings):
    task = tasks.get("classify.train")
    return tasks.import_object(task.estimate_seconds)(TrainClassifierSettings(**settings), {"data": [file]})


def cache_features(dataset, name, monkeypatch):
    """Caches features of these images, as the backbone would."""
    monkeypatch.setattr(pretrained, "get_digest", lambda name: "f" * 64)
    spec = backbones.find_spec(name)
    store = features.FeatureCache(name, "f" * 64, dataset.images.shape[1])
    store.add(dataset.digests, np.zeros((len(dataset.digests), spec.layers[spec.last_layer]), "float32"))


def test_estimate_grows_with_images_and_size(file, class_folder, tmp_path):
    few = tmp_path / "few"
    for folder in class_folder.iterdir():
        (few / folder.name).mkdir(parents=True)
        for image in sorted(folder.iterdir())[:4]:
            (few / folder.name / image.name).write_bytes(image.read_bytes())
    assert (
        0 < 2 * estimate(data.store_reference(str(few))) < estimate(file) < estimate(file, backbone="vgg16")
    )
    assert estimate(file, size=32) < estimate(file) < estimate(file, size=320)


def test_estimate_grows_with_epochs_and_blocks(file):
    tuned = {"finetune": True, "held_out": 0.3}
    once, twice, deeper = (
        estimate(file, **tuned, **more)
        for more in ({"epochs": 5}, {"epochs": 10}, {"epochs": 10, "blocks": 2})
    )
    assert estimate(file) < once < twice < deeper
    assert estimate(file, finetune=True, flip="off") < estimate(file, finetune=True)
    assert estimate(file, finetune=True, rotation=10) > estimate(file, finetune=True)


def test_cached_images_and_features_shorten_the_estimate(file, monkeypatch):
    before = estimate(file)
    dataset = data.load_dataset(file, 224)
    assert estimate(file) < before  # now they are decoded
    read = estimate(file)
    cache_features(dataset, "resnet50", monkeypatch)
    assert estimate(file) < 0.2 * read
    assert estimate(file, backbone="vgg16") > read
    assert estimate(file, finetune=True) > read  # starts without cached features


def test_a_damaged_cache_does_not_shorten_the_estimate(file, monkeypatch):
    dataset = data.load_dataset(file, 224)
    read = estimate(file)
    cache_features(dataset, "resnet50", monkeypatch)
    for part in (paths.ensure_folder("cache") / "classify").rglob("*.npz"):
        part.write_bytes(b"nonsense")
    assert estimate(file) == read


def test_a_dataset_to_download_has_no_estimate(monkeypatch):
    monkeypatch.setattr("studio.core.data.builders.check_reachable", lambda text: None)
    monkeypatch.setattr("studio.core.data.builders.read_state", lambda text: "")
    file = data.store_reference("tfds:mnist")
    assert (
        tasks.estimate_duration(tasks.get("classify.train"), TrainClassifierSettings(), {"data": [file]})
        is None
    )


@pytest.mark.slow
def test_the_estimate_does_not_load_keras(class_folder):
    code = (
        "import sys; from studio.core import data, tasks; from studio.classify.settings import *;"
        "file, task = data.store_reference(sys.argv[1]), tasks.get('classify.train');"
        "seconds = tasks.estimate_duration(task, TrainClassifierSettings(), {'data': [file]});"
        "print(seconds > 0, 'keras' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(class_folder)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["True", "False"]
