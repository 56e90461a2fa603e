"""TFLite files: classifiers that the studio exported run as before; bad files are refused in one sentence."""

from __future__ import annotations

import io
import os
import random
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import toy_classifier

from studio.classify.export import int8
from studio.classify.export.export import _add_labels
from studio.classify.models import imported_classifier, tflite_classifier
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import sample_photos
from studio.core.litert import convert, graph
from studio.imported import files, preprocessing
from tests.wording import says_what_to_do

COLORS = toy_classifier.COLORS


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A classifier, and its TFLite files by precision."""
    folder, classifier = tmp_path_factory.mktemp("tflite"), toy_classifier.make_color_classifier()
    for precision in ("float16", "float32"):
        convert.export(classifier.network, folder / f"{precision}.tflite", float16=precision == "float16")
    int8.write(classifier, folder / "int8.tflite", make_images())
    body = classifier.body
    convert.export(body, folder / "body.tflite")  # takes 0 to 1, without saying so
    _add_labels(folder / "float16.tflite", classifier.classes)
    return SimpleNamespace(classifier=classifier, folder=folder)


def make_images() -> np.ndarray:
    rng = np.random.default_rng(0)
    tints = rng.uniform(0.2, 1, (6, 1, 1, 3))
    return (rng.integers(0, 256, (6, 40, 40, 3)) * tints).astype("uint8")


def make_zip(**members: bytes | str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return body.getvalue()


def load(data: bytes, path):
    path.write_bytes(data)
    return imported_classifier.load(files.store(path))


@pytest.mark.slow
@pytest.mark.parametrize("precision, tolerance", [("float16", 0.002), ("float32", 0.002), ("int8", 0.03)])
def test_an_exported_classifier_gives_the_same_probabilities(exported, home, precision, tolerance):
    file = files.store(exported.folder / f"{precision}.tflite")
    assert files.is_imported(file)
    facts = imported_classifier.read_facts(file)
    assert (facts.preprocessing, facts.reason) == ("0-255", "its input is uint8")
    assert facts.classes == (COLORS if precision == "float16" else ("class 1", "class 2", "class 3"))
    images = list(make_images())
    received = imported_classifier.load(file).predict(images)
    expected = exported.classifier.predict(images)
    assert np.abs(received - expected).max() < tolerance
    assert (received.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert len(set(expected.argmax(axis=1))) > 1, "the images differ"


@pytest.mark.slow
def test_a_zip_of_teachable_machine_names_classes_and_range(exported, home, tmp_path):
    body = (exported.folder / "body.tflite").read_bytes()
    data = make_zip(model_unquant__tflite=body, labels__txt="0 Red\n1 Green\n2 Blue\n")
    classifier = load(data, tmp_path / "converted_tflite.zip")
    assert classifier.classes == ("Red", "Green", "Blue")
    assert classifier.preprocessing == "-1-1"
    data = make_zip(mine__tflite=body)
    classifier = load(data, tmp_path / "mine.zip")
    images = list(make_images())
    assert classifier.preprocessing == preprocessing.DEFAULT_PREPROCESSING == "0-1"
    assert np.abs(classifier.predict(images) - exported.classifier.predict(images)).max() < 0.01


@pytest.mark.slow
def test_what_needs_layers_says_so(exported, home):
    classifier = imported_classifier.load(files.store(exported.folder / "float16.tflite"))
    for use in (
        lambda: classifier.features,
        lambda: classifier.body,
        lambda: classifier.network.output,
        lambda: classifier.predict_with_features([]),
    ):
        with pytest.raises(StudioError, match="has no gradients or features") as caught:
            use()
        assert says_what_to_do(str(caught.value))


def alter(exported, change) -> bytes:
    """Returns a file after a change of its flatbuffer."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf((exported.folder / "body.tflite").read_bytes(), 0)
    change(model)
    return graph.pack(model)


def use_custom_operator(model) -> None:
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = 32
    code.customCode = b"FlexErf"


def set_inputs(count):
    def change(model) -> None:
        graph = model.subgraphs[0]
        graph.inputs = [graph.inputs[0]] * count

    return change


def add_output(model) -> None:
    part = model.subgraphs[0]
    part.outputs = [part.outputs[0], part.operators[0].outputs[0]]


def enlarge(model) -> None:
    part = model.subgraphs[0]
    tensor = part.tensors[part.inputs[0]]
    tensor.shape, tensor.shapeSignature = np.array([1, 1 << 20, 1 << 20, 3], "int32"), None


@pytest.mark.slow
@pytest.mark.parametrize(
    "change, reason",
    [
        (use_custom_operator, "FlexErf"),
        (set_inputs(3), "3 inputs and 1 outputs"),
        (set_inputs(0), "0 inputs"),
        (add_output, "2 outputs"),
        (enlarge, "too large"),
    ],
)
def test_other_networks_are_refused_by_name(exported, home, tmp_path, change, reason):
    with pytest.raises(InvalidInput, match=reason) as caught:
        load(alter(exported, change), tmp_path / "mine.tflite")
    assert says_what_to_do(str(caught.value))


@pytest.mark.slow
def test_damaged_files_are_refused(exported, home, tmp_path):
    good = (exported.folder / "body.tflite").read_bytes()
    noise = random.Random(0).randbytes(len(good))
    for name, data in {
        "cut": good[: len(good) // 2],
        "short": good[:8],
        "noise": good[:8] + noise[8:],
        "zipped": make_zip(model__tflite=good[:8] + noise[8:]),
    }.items():
        ending = "zip" if name == "zipped" else "tflite"
        with pytest.raises(InvalidInput) as caught:
            load(data, tmp_path / f"{name}.{ending}")
        assert says_what_to_do(str(caught.value)) and "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_crash_of_the_interpreter_is_an_error(exported, home, monkeypatch):
    file = files.store(exported.folder / "float16.tflite")
    classifier = imported_classifier.load(file)
    broken = SimpleNamespace(__name__="no_such_module", INPUTS="inputs.npy", OUTPUTS="outputs.npy")
    monkeypatch.setattr("studio.classify.models.tflite_classifier.tflite_sandbox", broken)
    with pytest.raises(StudioError) as caught:
        classifier.predict(list(make_images()))
    assert says_what_to_do(str(caught.value))


@pytest.fixture
def unopened():
    """A classifier whose file is not run."""
    copy = SimpleNamespace(facts=SimpleNamespace(outputs=[[None, 3]]))
    return tflite_classifier.TFLiteClassifier("toy", "", COLORS, (40, 40), None, None, copy=copy)


def test_large_images_are_classified_in_small_batches(unopened, monkeypatch):
    counts = []

    def run(self, images):
        counts.append(len(images))
        return np.zeros((len(images), 3), "float32")

    monkeypatch.setattr(tflite_classifier.TFLiteClassifier, "_run", run)
    monkeypatch.setattr(tflite_classifier, "_MAX_BATCH_VALUES", 4 * 3 * 40 * 40)
    assert unopened.predict(list(make_images())).shape == (6, 3) and counts == [4, 2]


@pytest.mark.parametrize("kind", ["missing", "link", "pipe", "text", "shape", "type", "not finite", "huge"])
def test_outputs_of_the_untrusted_process_are_checked(unopened, tmp_path, kind):
    good, path = np.zeros((2, 3), "float32"), tmp_path / "outputs.npy"
    np.save(tmp_path / "good.npy", good)
    if kind == "link":
        path.symlink_to(tmp_path / "good.npy")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "text":
        path.write_text("outputs")
    elif kind == "huge":
        body = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            body, {"descr": "<f4", "fortran_order": False, "shape": (1 << 70, 3)}
        )
        path.write_bytes(body.getvalue())
    elif kind != "missing":
        np.save(path, {"shape": good[:1], "type": good.astype("int8"), "not finite": good + np.inf}[kind])
    with pytest.raises(StudioError):
        unopened._read_outputs(path, 2)
    assert (unopened._read_outputs(tmp_path / "good.npy", 2) == good).all()


@pytest.mark.parametrize(
    "dtype, scale, zero_point, expected",
    [
        ("uint8", 1 / 255, 0, "0-1"),
        ("uint8", 1 / 127.5, 127, "-1-1"),
        ("int8", 1 / 127.5, 0, "-1-1"),
        ("uint8", 1.0, 0, "0-255"),
        ("uint8", 0.0, 0, "0-255"),
        ("float32", 0.0, 0, preprocessing.DEFAULT_PREPROCESSING),
    ],
)
def test_quantization_says_the_input_range(dtype, scale, zero_point, expected):
    choice = preprocessing.choose_by_quantization(dtype, scale, zero_point)
    assert choice.preprocessing == expected and bool(choice.reason) == (dtype != "float32")
    assert preprocessing.choose_by_quantization(dtype, scale, zero_point, "0-255").preprocessing == "0-255"


@pytest.mark.slow
def test_a_trained_classifier_survives_the_round_trip(lite0_home, tmp_path):
    from studio.classify.models import trained

    classifier = trained.load(toy_classifier.save(tmp_path / "toy", backbone="efficientnet-lite0", size=96))
    path = tmp_path / "toy.tflite"
    convert.export(classifier.network, path, float16=True)
    photos = [sample_photos.read_photo(name) for name in ("chelsea", "coffee")]
    received = imported_classifier.load(files.store(path)).predict(photos)
    expected = classifier.predict(photos)
    assert received.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist()
    assert np.abs(received - expected).max() < 0.02
