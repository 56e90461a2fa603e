"""Models of Keras 1 to 2.15, Teachable Machine and TensorFlow.js are imported or rejected."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from old_files import ARRAYS, RNG, conv, dense, layer, old_network, sequential, write_h5

from studio.core.errors import InvalidInput
from studio.core.untrusted.refusals import Refused
from studio.imported import (
    building,
    class_names,
    containers,
    files,
    network_repair,
    packing,
    resave,
    safe_copies,
    sandboxed_process,
    tfjs_files,
)


def import_model(path: Path, tmp_path: Path) -> tuple[keras.Model, dict]:
    folder = tmp_path / f"copy of {path.name}"
    folder.mkdir()
    facts = resave.resave(path, folder)
    assert [file.name for file in folder.iterdir()] == [resave.COPY]
    return keras.saving.load_model(folder / resave.COPY, compile=False), facts


def compute_expected(images: np.ndarray, scale=1.0, offset=0.0) -> np.ndarray:
    """Computes the output of the network of `ARRAYS` with NumPy."""
    kernel, bias = ARRAYS["conv"].values()
    windows = np.lib.stride_tricks.sliding_window_view(images * scale + offset, (3, 3), (1, 2))
    pooled = np.maximum(np.einsum("nijcab,abcd->nijd", windows, kernel) + bias, 0).mean(axis=(1, 2))
    logits = pooled @ ARRAYS["dense"]["dense/kernel:0"] + ARRAYS["dense"]["dense/bias:0"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


IMAGES = RNG.random((2, 8, 8, 3))


def check_output(path: Path, tmp_path: Path, **scaling) -> dict:
    network, facts = import_model(path, tmp_path)
    assert np.asarray(network(IMAGES.astype("float32"))) == pytest.approx(
        compute_expected(IMAGES, **scaling), abs=1e-5
    )
    return facts


def test_an_hdf5_file_of_keras_2_is_read(tmp_path):
    facts = check_output(
        write_h5(tmp_path / "model.h5", old_network(layer("Dropout", "drop", rate=0.5, noise_shape=None))),
        tmp_path,
    )
    assert facts["inputs"] == [[None, 8, 8, 3]] and facts["image_input"]["output_kind"] == "probabilities"


def test_settings_of_keras_1_are_converted(tmp_path):
    first = layer("Convolution2D", "conv", nb_filter=4, nb_row=3, nb_col=3, border_mode="valid", bias=True)
    first["config"] |= {
        "dim_ordering": "tf",
        "subsample": [1, 1],
        "init": "glorot_uniform",
        "activation": "relu",
    }
    first["config"] |= {"batch_input_shape": [16, 8, 8, 3], "W_regularizer": None}
    last = layer("Dense", "dense", output_dim=2, init="normal", activation="softmax", input_dim=4)
    config = {"class_name": "Sequential", "config": [first, layer("GlobalAveragePooling2D", "mean"), last]}
    arrays = {
        item: {
            name.replace("/kernel:0", "_W").replace("/bias:0", "_b"): value for name, value in each.items()
        }
        for item, each in ARRAYS.items()
    }
    check_output(write_h5(tmp_path / "model.h5", config, arrays), tmp_path)


def make_graph(*steps: tuple[dict, list]) -> dict:
    """Returns a functional network as Keras 2 wrote it, with inbound nodes."""
    config = {"batch_input_shape": [4, 8, 8, 3], "dtype": "float32", "sparse": False, "ragged": False}
    parts = [layer("InputLayer", "in", **config) | {"name": "in", "inbound_nodes": []}]
    parts += [part | {"name": part["config"]["name"], "inbound_nodes": nodes} for part, nodes in steps]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [[parts[-1]["name"], 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "made", "layers": parts, **ends}}


def test_tensorflow_operations_are_converted(tmp_path):
    config = make_graph(
        (layer("RandomFlip", "flip", mode="horizontal", seed=None), [[["in", 0, 0, {}]]]),
        (layer("TFOpLambda", "tf.math.truediv", function="math.truediv"), [["flip", 0, 0, {"y": 127.5}]]),
        (
            layer("TFOpLambda", "tf.math.subtract", function="math.subtract"),
            [["tf.math.truediv", 0, 0, {"y": 1.0, "name": None}]],
        ),
        (conv(), [[["tf.math.subtract", 0, 0, {}]]]),
        (layer("GlobalAveragePooling2D", "mean"), [[["conv", 0, 0, {}]]]),
        (dense(), [[["mean", 0, 0, {}]]]),
    )
    facts = check_output(write_h5(tmp_path / "model.h5", config), tmp_path, scale=1 / 127.5, offset=-1)
    image_input = facts["image_input"]
    assert (image_input["preprocessing"], image_input["reason"]) == ("0-255", "it has a Rescaling layer")
    other = layer("TFOpLambda", "tf.io.read_file", function="io.read_file")
    with pytest.raises(Refused, match=r"operation io\.read_file"):
        network_repair.repair(make_graph((other, [["in", 0, 0, {}]])))


def test_operations_of_keras_3_in_hdf5_are_read(tmp_path):
    inputs = keras.Input((8, 8, 3), name="in")
    outputs = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(inputs[..., ::-1] / 127.5 - 1)
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    network = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="dense")(outputs))
    network.set_weights([value for each in ARRAYS.values() for value in each.values()])
    network.save(tmp_path / "model.h5")
    images = 255 * IMAGES.astype("float32")
    copy, facts = import_model(tmp_path / "model.h5", tmp_path)
    assert np.asarray(copy(images)) == pytest.approx(
        compute_expected(images[..., ::-1], 1 / 127.5, -1), abs=1e-5
    )
    assert facts["image_input"]["preprocessing"] == "0-255"


def rewrite_with_chunks(file):
    """Rewrites the arrays with chunks and compression."""
    for name, value in {item: value for each in ARRAYS.values() for item, value in each.items()}.items():
        place = f"model_weights/{name.partition('/')[0]}/{name}"
        del file[place]
        file.create_dataset(place, data=value.astype("float32"), compression="gzip", shuffle=True)


@pytest.mark.slow
def test_compressed_weights_are_read(tmp_path):
    check_output(write_h5(tmp_path / "model.h5", old_network(), change=rewrite_with_chunks), tmp_path)
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu")])
    network.add(keras.layers.GlobalAveragePooling2D())
    network.add(keras.layers.Dense(2, activation="softmax"))
    network.set_weights([value for each in ARRAYS.values() for value in each.values()])
    network.save(tmp_path / "plain.keras")
    with (
        zipfile.ZipFile(tmp_path / "plain.keras") as plain,
        zipfile.ZipFile(tmp_path / "a.keras", "w") as repacked,
    ):
        for name in plain.namelist():
            repacked.writestr(
                name, compress_weights(plain.read(name)) if name.endswith(".h5") else plain.read(name)
            )
    check_output(tmp_path / "a.keras", tmp_path)


def compress_weights(data: bytes) -> bytes:
    body = io.BytesIO()
    with h5py.File(io.BytesIO(data)) as plain, h5py.File(body, "w") as repacked:

        def note(name, one):
            if isinstance(one, h5py.Dataset):
                repacked.create_dataset(name, data=one[()], compression="gzip")

        plain.visititems(note)
    return body.getvalue()


def test_hard_sigmoid_follows_the_keras_version(tmp_path):
    arrays = {"dense": {"dense/kernel:0": np.eye(3), "dense/bias:0": np.zeros(3)}}
    rows = np.array([[[[-2.4, 1.0, 2.7]]]], "float32")
    for version, slope in (("2.15.0", 5), (None, 5), ("3.4.0", 6)):

        def change(file, version=version):
            del file.attrs["keras_version"]
            file.attrs.update({"keras_version": version} if version else {})

        first = layer("GlobalAveragePooling2D", "mean", batch_input_shape=[None, 1, 1, 3])
        last = layer("Dense", "dense", units=3, activation="hard_sigmoid")
        path = write_h5(tmp_path / f"{version}.h5", sequential(first, last), arrays, change)
        network, facts = import_model(path, tmp_path)
        assert np.asarray(network(rows))[0] == pytest.approx(
            np.clip(rows.ravel() / slope + 0.5, 0, 1), abs=1e-6
        )
        assert facts["image_input"]["output_kind"] == "shares"


def write_tfjs_model(folder: Path, config: dict, arrays: dict, packing: dict | None = None) -> Path:
    """Writes a TensorFlow.js model in two shards that split an array."""
    entries, raw = [], b""
    for each in arrays.values():
        for name, value in each.items():
            shape = list(np.shape(value))
            entries.append(
                {"name": name.removesuffix(":0"), "shape": shape, "dtype": "float32"} | (packing or {})
            )
            raw += np.asarray(value, "<f4").tobytes()
    shards = {"group1-shard1of2.bin": raw[:50], "group1-shard2of2.bin": raw[50:]}
    listing = {"format": "layers-model", "modelTopology": {"model_config": config, "backend": "tensorflow"}}
    listing["weightsManifest"] = [{"paths": list(shards), "weights": entries}]
    (folder / "model.json").write_text(json.dumps(listing))
    for name, data in shards.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_tensorflow_js_folder_is_read_with_its_names(home, tmp_path):
    (tmp_path / "web").mkdir()
    folder = write_tfjs_model(tmp_path / "web", old_network(), ARRAYS)
    (folder / "metadata.json").write_text('{"labels": ["cat", "dog"]}')
    file = files.store(folder)
    assert file.name == "web.zip" and files.is_imported(file)
    assert check_output(file.path, tmp_path)["labels"] == ("cat", "dog")
    (folder / "group1-shard2of2.bin").unlink()
    with pytest.raises(Refused, match="shard2of2"):
        resave.resave(files.store(folder).path, tmp_path)


def test_names_next_to_a_file_are_stored_with_it(home, tmp_path):
    path = write_h5(tmp_path / "keras_model.h5", old_network())
    (tmp_path / "labels.txt").write_text("0 Cat\n1 Big dog\n\n", encoding="utf-8")
    file = files.store(path)
    assert file.name == "keras_model.zip" and check_output(file.path, tmp_path)["labels"] == (
        "Cat",
        "Big dog",
    )
    own = tmp_path / "own.csv"
    own.write_text("index,name\n1,b\n0,a\n")
    (tmp_path / "again").mkdir()
    assert check_output(files.store(path, own).path, tmp_path / "again")["labels"] == ("a", "b")


NAMES = {
    "a.txt": (b"\xef\xbb\xbf0 Cat\r\n1 Dog\r\n\r\n", ("Cat", "Dog")),
    "b.txt": (b"7 dwarfs\n0 heroes", ("7 dwarfs", "0 heroes")),
    "a.json": (b'{"Dog": 1, "Cat": 0}', ("Cat", "Dog")),
    "b.json": (b'{"0": "Cat", "1": "Dog"}', ("Cat", "Dog")),
    "c.json": (b'["Cat", "Dog"]', ("Cat", "Dog")),
    "a.csv": (b"Cat\nDog\n", ("Cat", "Dog")),
    "c.txt": (b"1 Dog\n2 Big bird\n0 Cat\n", ("Cat", "Dog", "Big bird")),  # by number, not by line
    "d.txt": (b"0: Cat\n1: Dog\n", ("Cat", "Dog")),
    "e.txt": (b"0\tCat\n1\tDog\n", ("Cat", "Dog")),
    "f.txt": (b"0,Cat\n1,Dog\n", ("Cat", "Dog")),
    "g.txt": ("Cat\nDog\n".encode("utf-16"), ("Cat", "Dog")),  # Windows' Notepad
    "h.txt": ("0 Hund\n1 Katze\n2 Vögel\n".encode("cp1252"), ("Hund", "Katze", "Vögel")),
    "d.json": (b'{"1": ["n01443537", "goldfish"], "0": ["n01440764", "tench"]}', ("tench", "goldfish")),
    "b.csv": (b"index;name\n1;Dog\n0;Cat\n", ("Cat", "Dog")),
    "c.csv": (b"Label\nCat\nDog\n", ("Cat", "Dog")),
    "a.tsv": (b"Cat\t0\nDog\t1\n", ("Cat", "Dog")),
}


@pytest.mark.parametrize("name", NAMES)
def test_class_names_are_read_in_every_format(name):
    data, names_read = NAMES[name]
    assert class_names.read(data, name) == names_read
    assert class_names.read(class_names.encode(names_read), "labels.txt") == names_read


@pytest.mark.parametrize(
    "data",
    [
        b"[1, 2]",
        b'{"a": 0, "b": 2}',
        b'{"0": null, "1": "a"}',
        b"{}",
        b'["\\u001b[2J"]',
        b"[" * 1000,
        b'{"%s": "a"}' % (b"9" * 5000),
    ],
)
def test_invalid_class_names_are_refused(data):
    with pytest.raises(Refused):
        class_names.read(data, "class_names.json")


def test_tables_that_are_not_csv_are_refused():
    for data in (b"a,b\rc,d", b"x" * 200_000):
        with pytest.raises(Refused, match="valid CSV"):
            class_names.read(data, "labels.csv")
    with pytest.raises(Refused):
        class_names.read(b"9" * 5000 + b" cat\n", "labels.txt")


def nest_networks(depth: int) -> dict:
    part = old_network()
    for number in range(depth):
        part = sequential(part, name=f"n{number}")
    return part


def change_arrays(**changed) -> dict:
    return {"conv": ARRAYS["conv"], "dense": {**ARRAYS["dense"], **changed}}


def make_virtual(file):
    layout = h5py.VirtualLayout((4, 2), "float32")
    layout[:] = h5py.VirtualSource("/etc/hostname", "a", (4, 2))
    del file["model_weights/dense/dense/kernel:0"]
    file.create_virtual_dataset("model_weights/dense/dense/kernel:0", layout)


def replace_kernel(value):
    def change(file):
        del file["model_weights/dense/dense/kernel:0"]
        file["model_weights/dense/dense/kernel:0"] = value

    return change


def make_bomb(file):
    del file["model_weights/dense/dense/kernel:0"]
    file.create_dataset(
        "model_weights/dense/dense/kernel:0", (2**20, 2**20), "float32", chunks=(2**10, 2**10)
    )


CODE = layer("Lambda", "code", function=["4wEAAAAAAAAA", None, None], function_type="lambda")
BAD = {
    "code": (old_network(CODE), None, lambda file: None, "Lambda.*Rescaling"),
    "code in a network within": (
        sequential(nest_networks(1), CODE),
        None,
        lambda file: None,
        "Lambda.*Rescaling",
    ),
    "code in what is left out": (
        old_network(
            layer("Dropout", "d", rate=0.1),
            first=conv(batch_input_shape=[None, 8, 8, 3], bias_constraint=CODE),
        ),
        None,
        lambda file: None,
        "code",
    ),
    "a link to another file": (
        old_network(),
        None,
        replace_kernel(h5py.ExternalLink("secret.h5", "/a")),
        "another place",
    ),
    "a soft link": (
        old_network(),
        None,
        replace_kernel(h5py.SoftLink("/model_weights/conv")),
        "another place",
    ),
    "a virtual array": (old_network(), None, make_virtual, "not stored as it is"),
    "a bomb": (old_network(), None, make_bomb, "far more|not stored"),
    "a wrong shape": (
        old_network(),
        change_arrays(**{"dense/bias:0": np.zeros(3)}),
        lambda file: None,
        "do not match",
    ),
    "no array": (
        old_network(),
        {"conv": ARRAYS["conv"], "dense": {}},
        lambda file: None,
        "no weights of dense",
    ),
    "numbers that are none": (
        old_network(),
        change_arrays(**{"dense/bias:0": np.array([np.nan, 0])}),
        lambda file: None,
        "NaN or infinite",
    ),
    "two layers of one name": (
        old_network(conv("conv")),
        None,
        lambda file: None,
        "cannot build|do not match",
    ),
    "deep nesting": (nest_networks(60), None, lambda file: None, "nested"),
    "no JSON": ("{", None, lambda file: None, "JSON"),
    "a description of 5 MB": (" " * (5 << 20), None, lambda file: None, "too long"),
    "a class of another library": (
        old_network({"class_name": "Custom>Attack", "config": {}}),
        None,
        lambda file: 0,
        "not supported",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_hdf5_files_are_refused(bad, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, arrays, change, message = BAD[bad]
    path = write_h5(tmp_path / "model.h5", config, arrays, change)
    folder = tmp_path / "copy"
    folder.mkdir()
    with pytest.raises(Refused, match=message) as error:
        resave.resave(path, folder)
    assert "\n" not in str(error.value) and not list(tmp_path.rglob("PWNED*"))
    assert not (folder / resave.COPY).exists()


def test_parameters_are_counted_before_allocation(tmp_path):
    config = old_network(layer("Dense", "large", units=60_000), layer("Dense", "larger", units=60_000))
    with pytest.raises(Refused, match="parameters, more than 200,000,000"):
        building.check_size(
            building.build_skeleton(building.drop_unknown_settings(network_repair.repair(config)))
        )


def test_zips_without_or_with_several_models_are_refused(home, tmp_path):
    for names in (["a.txt"], ["a.h5", "b.h5"], ["a/model.json", "b/model.json"]):
        path = tmp_path / "my.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for name in names:
                packed.writestr(name, "{}")
        with pytest.raises(InvalidInput, match=r"without a model|several models"):
            files.store(path)
    outside = containers.pack(
        {"deep/../../x.h5": write_h5(tmp_path / "a.h5", old_network()), "labels.txt": b"a\nb\n"}
    )
    with containers.open_zip(io.BytesIO(outside)) as packed:
        assert containers.find_model(packed) is None


def test_only_the_sandbox_reads_hdf5(home, tmp_path, monkeypatch):
    monkeypatch.setattr(h5py, "File", None)
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    files.store(tmp_path / "a.h5")


@pytest.mark.slow
def test_a_teachable_machine_zip_is_read(home, tmp_path, monkeypatch):
    from copies_in_process import run_in_this_process
    from third_party_networks import make_teachable_machine_network

    monkeypatch.setattr(sandboxed_process, "run", run_in_this_process)  # new processes load Keras for seconds
    network = make_teachable_machine_network()
    arrays = {
        layer.name: {f"{v.path}:0": RNG.normal(0.1, 0.1, v.shape) ** 2 for v in layer.variables}
        for layer in network.layers
    }
    config = json.loads(network.to_json())
    path = write_h5(tmp_path / "keras_model.h5", config, arrays)
    packed = tmp_path / "converted_keras.zip"
    packed.write_bytes(containers.pack({"keras_model.h5": path, "labels.txt": b"0 Cat\n1 Dog\n\n"}))
    facts = safe_copies.get_or_make(files.store(packed)).facts
    assert facts.labels == ("Cat", "Dog") and facts.class_count == 2
    assert (facts.image_input.preprocessing, facts.image_input.height) == ("-1-1", 224)


def test_class_names_may_contain_joiners():
    names = ("می\u200cخواهم", "\U0001f469\u200d\U0001f467")
    assert class_names.read(class_names.encode(names), "labels.txt") == names
    with pytest.raises(Refused):
        class_names.read(class_names.encode(("a\x1b[2J", "b")), "labels.txt")


def test_a_large_model_json_is_refused_before_unpacking(monkeypatch):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m/model.json", b" " * (tfjs_files.MAX_DESCRIPTION_BYTES + 1))
    monkeypatch.setattr(containers, "read_member", None)
    for read in (files.check, lambda file, name: packing.with_names(file.read(), name, ["a", "b"])):
        body.seek(0)
        with pytest.raises((InvalidInput, Refused), match=r"model\.json of more than 4 MB"):
            read(body, "web.zip")
