"""Data sets of TensorFlow Datasets, with a local builder."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from studio.core import data
from studio.core.data import builders
from studio.core.errors import InvalidInput, Unavailable

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def prepare_builder(tmp_path, monkeypatch):
    """Prepares `tfds:tiny_blobs` in a file format."""
    from tiny_blobs.tiny_blobs_dataset_builder import Builder

    def prepare(file_format):
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / file_format))
        Builder(data_dir=tmp_path / file_format, file_format=file_format).download_and_prepare()

    return prepare


@pytest.mark.parametrize("file_format", ["array_record", pytest.param("tfrecord", marks=pytest.mark.slow)])
def test_a_prepared_data_set_is_read_by_its_name(prepare_builder, file_format):
    prepare_builder(file_format)
    file = data.store_reference("tfds:tiny_blobs")
    dataset = data.load_dataset(file, 16)
    levels = dataset.images[:, 8, 8, 0].astype(int)
    assert sorted(levels[:8]) == [20 * n for n in range(8)]
    assert sorted(levels[8:]) == [200, 201, 202]
    assert list(dataset.names) == sorted(dataset.names)
    assert dataset.names[8].endswith("test")
    assert dataset.classes == ("dark", "light")
    assert np.array_equal(dataset.labels, levels > 100)
    assert np.array_equal(dataset.attributes["age"], levels)
    assert np.array_equal(dataset.attributes["round"], levels > 50)
    assert set(dataset.attributes) == {"age", "round"}
    assert file.name == "tfds:tiny_blobs"
    assert np.array_equal(data.load_dataset(file, 16).images, dataset.images)


@pytest.mark.parametrize("name", ["tfds:", "tfds:no_such_data_set", "tfds:../etc", "tfds:huggingface:mnist"])
def test_invalid_names_are_refused(name):
    with pytest.raises(InvalidInput, match="Check the spelling"):
        data.store_reference(name)


def test_an_unknown_version_is_refused():
    with pytest.raises(InvalidInput, match="version"):
        data.store_reference("tfds:mnist:77.0.0")


class UnreachableBuilder:
    """A data set that is not on this machine, and whose site does not respond."""

    MANUAL_DOWNLOAD_INSTRUCTIONS = None
    data_dir = "/nowhere"

    def __init__(self, site):
        self.url_infos = {f"{site}/images.tgz": None}

    def download_and_prepare(self):
        raise AssertionError("tried to fetch without a network")


def assert_reported_at_once(monkeypatch, site):
    monkeypatch.setattr(builders, "_load_builder", lambda name: UnreachableBuilder(site))
    with pytest.raises(Unavailable, match=r"cannot be reached to download it.*Give a folder"):
        data.store_reference("tfds:celeb_a")


@pytest.mark.parametrize("site", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_an_unreachable_site_is_reported_at_once(monkeypatch, site):
    assert_reported_at_once(monkeypatch, site)


def test_a_site_that_never_responds_times_out(monkeypatch):
    monkeypatch.setattr(builders, "REACH_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert_reported_at_once(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")


def test_a_data_set_that_needs_a_manual_download_is_reported(monkeypatch):
    lost = UnreachableBuilder("http://127.0.0.1:9")
    lost.MANUAL_DOWNLOAD_INSTRUCTIONS = "ask them"
    monkeypatch.setattr(builders, "_load_builder", lambda name: lost)
    with pytest.raises(Unavailable, match="by hand"):
        data.store_reference("tfds:celeb_a")


def test_a_data_set_without_images_is_refused_before_the_download(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(builders, "_check_sites", lambda *args: None)
    with pytest.raises(InvalidInput, match=r"text, label. Use images"):
        data.store_reference("tfds:imdb_reviews")


def test_the_download_size_is_known(prepare_builder, monkeypatch):
    monkeypatch.setattr(builders, "_check_sites", lambda *args: None)
    prepare_builder("array_record")
    assert data.count_download_bytes(data.store_reference("tfds:tiny_blobs")) is None, "it is here"
    assert data.count_download_bytes(data.store_reference("tfds:mnist")) == 11_594_722
