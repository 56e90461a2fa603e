"""Class names next to an imported model are found, whichever file is given."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from studio.core.errors import InvalidInput
from studio.core.tasks import Slot
from studio.imported import containers, files, packing
from studio.run import input_files
from tests.wording import says_what_to_do


def write_keras_file(path):
    """Writes an empty `.keras` file with the metadata.json that Keras writes."""
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            packed.writestr(name, "{}")
    return path


@pytest.mark.parametrize("names", ["labels.txt", "labelmap.txt", "classes.txt"])
def test_names_next_to_a_keras_file_are_packed_with_it(names, tmp_path):
    path = write_keras_file(tmp_path / "mine.keras")
    (tmp_path / names).write_text("apple\npear\n")
    data, name = packing.pack(path)
    assert name == "mine.zip"
    (tmp_path / "mine.zip").write_bytes(data)
    with (tmp_path / "mine.zip").open("rb") as file, containers.open_zip(file) as packed:
        assert containers.read_names(packed, containers.find_model(packed)) == ("apple", "pear")


def test_a_names_file_in_a_zip_that_cannot_be_read_is_refused(home, tmp_path):
    """Ignoring it would name the classes by number without a word."""
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("model.keras", b"")
        packed.writestr("class_indices.json", b'{"cat": 0, "dog": 2}')
    with pytest.raises(InvalidInput, match=r"indices 0, 1, 2.*class_indices\.json") as refusal:
        files.store(path)
    assert says_what_to_do(str(refusal.value))


def test_a_names_file_that_cannot_be_read_next_to_a_model_is_skipped(tmp_path):
    """It may be a table of the images that the model was trained on."""
    path = write_keras_file(tmp_path / "mine.keras")
    (tmp_path / "labels.csv").write_text("id,breed\na1,poodle\na2,beagle\n")
    assert packing.pack(path)[1] == "mine.keras"
    (tmp_path / "classes.txt").write_text("poodle\nbeagle\n")
    assert packing.pack(path)[1] == "mine.zip"
    with pytest.raises(packing.NamesRefused, match=r"labels\.csv"):
        packing.pack(path, tmp_path / "labels.csv")


def test_names_in_a_keras_file_take_precedence(tmp_path):
    path = write_keras_file(tmp_path / "mine.keras")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("labels.txt", "plum\n")
    (tmp_path / "labels.txt").write_text("apple\npear\n")
    assert packing.pack(path) == (path.read_bytes(), "mine.keras")


@pytest.mark.parametrize(
    "other_file, step",
    [("keras_metadata.pb", "tf_keras.models.load_model"), ("fingerprint.pb", "model.save")],
)
@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_saved_model_is_refused_with_the_way_to_a_keras_file(home, tmp_path, other_file, step, is_zipped):
    path = folder = tmp_path / "saved"
    folder.mkdir()
    for name in ("saved_model.pb", other_file):
        (folder / name).write_bytes(b"\n\x10")
    if is_zipped:
        path = Path(shutil.make_archive(str(folder), "zip", tmp_path, "saved"))
    with pytest.raises(InvalidInput, match="a TensorFlow SavedModel") as error:
        input_files.read(Slot("model", "model"), str(path))
    assert step in str(error.value) and str(error.value).count("my.keras") == 1
