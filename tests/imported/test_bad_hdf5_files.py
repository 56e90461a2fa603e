"""Malicious HDF5 models are rejected in one sentence, and none runs code."""

from __future__ import annotations

import json
import zipfile

import h5py
import numpy as np
import pytest
from old_files import ARRAYS, conv, dense, layer, old_network, sequential, write_h5

from studio.core.errors import InvalidInput
from studio.core.untrusted.refusals import Refused
from studio.core.untrusted.zips import open_zip
from studio.imported import files, resave

KERNEL = "model_weights/dense/dense/kernel:0"
LARGE = 60_000  # bytes of an attribute above which HDF5 needs another layout


def check_refusal(path, tmp_path, monkeypatch) -> str:
    """Returns the error message for a file, and checks that nothing is written to the working folder."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    (tmp_path / "copy").mkdir()
    with pytest.raises((Refused, InvalidInput)) as error:
        resave.resave(files.store(path).path, tmp_path / "copy")
    assert not list(empty.iterdir()) and not (tmp_path / "copy" / resave.COPY).exists()
    message = str(error.value)
    assert "\n" not in message and "Traceback" not in message and str(tmp_path) not in message
    return message


def replace_kernel(value, **more):
    """Returns a change of a file that replaces a kernel by another array."""

    def change(file):
        del file[KERNEL]
        file.create_dataset(KERNEL, data=value, **more)

    return change


def make_external(file):
    del file[KERNEL]
    file.create_dataset(KERNEL, (4, 2), "float32", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def make_cycle(file):
    file["model_weights/dense/again"] = file["model_weights"]


def make_deep_groups(file):
    group = file["model_weights/dense"]
    for _ in range(120):
        group = group.create_group("g")
    group["kernel:0"] = np.zeros((4, 2), "float32")


def link_group(file):
    del file["model_weights/dense"]
    file["model_weights/dense"] = h5py.ExternalLink("/etc/hostname", "/")


def list_layer_twice(file):
    file["model_weights"].attrs["layer_names"] = [b"conv", b"conv", b"dense"]


def list_outside_weights(file):
    file["model_weights/dense"].attrs["weight_names"] = [b"/model_weights/conv/conv/kernel:0", b"../x"]


NUMBERS = {
    "an array that lies in another file": (make_external, "not stored as it is"),
    "a layer that lies in another file": (link_group, "another place"),
    "a group within itself": (make_cycle, "another place|twice"),
    "groups 120 deep": (make_deep_groups, "a link to another place"),
    "infinite numbers": (replace_kernel(np.full((4, 2), np.inf, "float32")), "not finite|NaN or infinite"),
    "texts": (replace_kernel(np.full((4, 2), b"ab", "S8")), "not stored as it is"),
    "complex numbers": (replace_kernel(np.zeros((4, 2), "complex64")), "not stored as it is"),
    "a layer that is listed twice": (list_layer_twice, "two layers of the same name"),
    "arrays elsewhere in the file": (list_outside_weights, "no weights"),
}


@pytest.mark.parametrize("bad", NUMBERS)
def test_bad_arrays_are_refused(bad, home, tmp_path, monkeypatch):
    change, expected = NUMBERS[bad]
    path = write_h5(tmp_path / "model.h5", old_network(), change=change)
    message = check_refusal(path, tmp_path, monkeypatch)
    assert any(part in message for part in expected.split("|")), message


def make_layers(count):
    return sequential(conv(batch_input_shape=[None, 8, 8, 3]), *(dense(f"d{n}") for n in range(count)))


CODE = {"class_name": "Lambda", "config": {"function": ["4wEA", None, None]}}
WITHIN = layer("TimeDistributed", "t", layer=layer("Lambda", "code", function=["4wEA", None, None]))
CONFIGS = {
    "code in a wrapper": (old_network(WITHIN), "Lambda"),
    "code as an activation": (old_network(layer("Dense", "x", units=2, activation=CODE)), "Lambda"),
    "2,500 layers": (make_layers(2_500), "layers, more than 2,000"),
    "billions of units": (old_network(dense("wide", units=2 * 10**9)), "a size of 2000000000"),
    "less than no units": (old_network(dense("wide", units=-5)), "a layer with -5 units"),
    "a text as units": (old_network(dense("wide", units="many")), "units"),
    "a name that is a path": (old_network(dense("../../PWNED")), "a layer named"),
    "two keys of one name": (
        '{"class_name": "Sequential", "class_name": "Sequential", "config": {}}',
        "not valid JSON",
    ),
    "a list": ("[]", "not a model of layers"),
    "null": ("null", "not a model of layers"),
    "an integer of 6,000 digits": ('{"class_name": "Sequential", "config": ' + "9" * 6000 + "}", "JSON"),
    "lists 50,000 deep": ("[" * 50_000, "nested"),
}


@pytest.mark.parametrize("bad", CONFIGS)
def test_bad_descriptions_are_refused(bad, home, tmp_path, monkeypatch):
    config, expected = CONFIGS[bad]
    message = check_refusal(write_hdf5(tmp_path / "model.h5", config), tmp_path, monkeypatch)
    assert expected in message


def write_hdf5(path, config):
    text = config if isinstance(config, str) else json.dumps(config)
    with h5py.File(path, "w", libver="latest" if len(text) > LARGE else None) as file:
        file.attrs["model_config"] = text
        file.attrs["keras_version"] = "2.4.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([], "S1")
    return path


@pytest.mark.parametrize("left", [8, 100, 0.5, 0.99])
def test_a_truncated_file_is_refused(left, home, tmp_path, monkeypatch):
    data = write_h5(tmp_path / "whole.h5", old_network()).read_bytes()
    path = tmp_path / "model.h5"
    path.write_bytes(data[: int(left if left > 1 else left * len(data))])
    assert "damaged" in check_refusal(path, tmp_path, monkeypatch)


@pytest.mark.slow
def test_descriptions_of_the_corpus_are_refused_in_hdf5(data_dir, home, tmp_path, monkeypatch):
    count = 0
    for number, path in enumerate(sorted((data_dir / "badfiles" / "models").glob("*.keras"))):
        text = read_description(path)
        if text is None or path.name.startswith(("good", "future", "missing", "zipslip", "weights_nested")):
            continue
        if "inside" in path.name or "upsampling" in path.name or "300" in path.name:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        twin = write_hdf5(folder / f"{path.stem}.h5", text)
        check_refusal(twin, folder, monkeypatch)
        count += 1
    assert count > 20


def read_description(path) -> str | None:
    """Returns the text of a model description in the corpus, None if there is none or it is long."""
    try:
        with path.open("rb") as file, open_zip(file, 1 << 20) as packed:
            member = packed.getinfo("config.json")
            return packed.read(member).decode() if member.file_size < 1 << 20 else None
    except (KeyError, ValueError, OSError, zipfile.BadZipFile):
        return None


def test_the_unaltered_file_is_accepted(home, tmp_path):
    (tmp_path / "copy").mkdir()
    assert (
        resave.resave(write_h5(tmp_path / "model.h5", old_network(), ARRAYS), tmp_path / "copy")["parameters"]
        == 122
    )
