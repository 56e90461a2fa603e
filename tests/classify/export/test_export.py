"""Exported models agree with the original, load in their runtimes and come with a program that runs."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
import toy_classifier
from PIL import Image, ImageCms
from PIL.ExifTags import Base
from skimage import data

from studio.classify.export import export, int8, loaders, snippets
from studio.classify.settings import ExportSettings, TrainClassifierSettings
from studio.core import tasks
from studio.core.data import store_reference
from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.imported import keras_files, resave

pytestmark = pytest.mark.slow

FORMS = ("keras", "tflite", "onnx")


@pytest.fixture(scope="module")
def colors():
    return toy_classifier.make_color_classifier()


def export_to(form, classifier, folder):
    for needed in export.REQUIRED_PACKAGES.get(form, ()):
        pytest.importorskip(needed, reason=f"{needed} is not installed (the extra `export`)")
    path = folder / f"colors.{form}"
    export.WRITERS[form](classifier, path)
    return path


@pytest.fixture(scope="module", params=FORMS)
def file(request, tmp_path_factory):
    fresh = toy_classifier.make_color_classifier()  # never called before
    return export_to(request.param, fresh, tmp_path_factory.mktemp(request.param))


def test_the_export_agrees_with_the_model_on_any_image_size(file, colors):
    assert export.measure_difference(colors, file) < 1e-5
    ask = loaders.LOADERS[file.suffix](file)
    batch = np.random.default_rng(0).integers(0, 256, (3, 50, 70, 3), "uint8")
    assert ask(batch) == pytest.approx(np.asarray(colors.network(batch)), abs=1e-5)


def test_test_images_have_many_sizes():
    images = export._load_test_images()
    assert len(images) == 10
    assert len({image.shape for image in images}) >= 8
    assert all(image.dtype == np.uint8 and image.ndim == 3 for image in images)


def test_a_difference_is_measured(file, colors):
    other = toy_classifier.make_color_classifier()
    choice = other.network.layers[-1]
    choice.set_weights([choice.get_weights()[0], np.array([0.1, 0.2, 0])])
    assert export.measure_difference(other, file) > 0.01


def test_the_export_contains_class_names(file, colors):
    if file.suffix == ".onnx":
        import onnx

        props = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
        assert json.loads(props["classes"]) == list(colors.classes)
        return
    with zipfile.ZipFile(file) as packed:
        assert packed.read(export.LABELS).decode().split("\n") == list(colors.classes)


@pytest.fixture(scope="module", params=["teachable", "tfjs"])
def zip_export(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "colors.zip"
    export.WRITERS[request.param](toy_classifier.make_color_classifier(), path)
    return path


def test_a_zip_export_agrees_with_the_model_and_can_be_imported(zip_export, colors, tmp_path):
    assert export.measure_difference(colors, zip_export) < 1e-5
    facts = resave.resave(zip_export, tmp_path)
    assert facts["labels"] == colors.classes and facts["image_input"]["preprocessing"] == "-1-1"
    copy = keras.saving.load_model(tmp_path / resave.COPY, compile=False)
    image = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), "uint8")
    answers = np.asarray(copy(image.astype("float32") / 127.5 - 1))
    assert answers == pytest.approx(np.asarray(colors.network(image)), abs=1e-5)
    assert np.ptp(answers) > 0.01


def test_a_zip_export_has_the_format_of_keras_2(zip_export, tmp_path):
    with zipfile.ZipFile(zip_export) as packed:
        if "model.json" in packed.namelist():
            listing = json.loads(packed.read("model.json"))
            config, names = listing["modelTopology"]["model_config"], listing["weightsManifest"][0]["weights"]
            assert [name["name"] for name in names[:2]] == ["preprocessing/kernel", "preprocessing/bias"]
            assert (
                sum(packed.getinfo(name).file_size for name in listing["weightsManifest"][0]["paths"])
                == 4 * 36
            )
        else:
            with h5py.File(packed.extract("keras_model.h5", tmp_path)) as file:
                config = json.loads(file.attrs["model_config"])
                assert file["model_weights/maps/maps/kernel:0"].shape == (1, 1, 3, 3)
    first = config["config"]["layers"][0]["config"]
    assert first["batch_input_shape"] == [None, 32, 32, 3] and first["dtype"] == "float32"
    assert "module" not in json.dumps(config) and "registered_name" not in json.dumps(config)


def test_a_model_with_parts_that_keras_2_lacks_is_refused(tmp_path):
    fresh = toy_classifier.make_color_classifier()
    tanh = keras.ops.tanh(fresh.network.output)
    other = replace(fresh, network=keras.Model(fresh.network.input, tanh))
    with pytest.raises(StudioError, match=r"has a Tanh, which Keras 2 and TensorFlow\.js do not have\. "):
        export.WRITERS["tfjs"](other, tmp_path / "a.zip")


def write_transparent(path):
    """Writes a photo with an EXIF rotation whose upper left part is almost transparent."""
    photo = Image.fromarray(data.astronaut()[:300])
    photo.putalpha(Image.new("L", photo.size, 255))
    photo.paste((0, 0, 255, 30), (0, 0, 200, 200))
    photo.save(path, exif=make_rotated_exif())


def make_rotated_exif():
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    return exif


def write_sixteen_bits(path):
    Image.fromarray(np.arange(0, 65536, 16, "uint16").reshape(64, 64)).save(path)


def write_palette(path):
    photo = Image.fromarray(data.astronaut()).quantize(16)
    photo.save(path, transparency=photo.getpixel((200, 200)))


def write_gray_and_transparent(path):
    ramp = Image.linear_gradient("L")
    Image.merge("LA", (ramp, ramp.rotate(90))).save(path)


def write_one_bit(path):
    Image.linear_gradient("L").convert("1").save(path)


def write_with_profile(path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"xXYZ").replace(b"gXYZ", b"rXYZ").replace(b"xXYZ", b"gXYZ")
    Image.fromarray(data.astronaut()).save(path, icc_profile=profile)  # its channel order differs
    assert not np.array_equal(image_io.read(path), data.astronaut())


def write_with_broken_profile(path):
    Image.fromarray(data.astronaut()).save(path, icc_profile=b"nonsense")


@pytest.mark.parametrize(
    "write",
    [
        write_transparent,
        write_sixteen_bits,
        write_palette,
        write_gray_and_transparent,
        write_one_bit,
        write_with_profile,
        write_with_broken_profile,
    ],
)
def test_the_program_reads_an_image_as_the_studio_does(write, tmp_path):
    write(tmp_path / "photo.png")
    source = snippets.write_program("keras", ["one"]).split("model_file, image_file =")[0]
    (tmp_path / "ask.py").write_text(source)
    spec = importlib.util.spec_from_file_location("ask", tmp_path / "ask.py")
    ask = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ask)
    assert np.array_equal(ask.read(tmp_path / "photo.png")[0], image_io.read(tmp_path / "photo.png"))


def test_the_program_runs_without_the_studio(file, colors, tmp_path):
    write_transparent(tmp_path / "photo.png")
    image = image_io.read(tmp_path / "photo.png")
    (tmp_path / "ask.py").write_text(snippets.write_program(file.suffix[1:], colors.classes))
    command = [sys.executable, "-I", "ask.py", str(file), "photo.png"]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    probabilities = np.asarray(colors.network(image[None]))[0]
    order = np.argsort(-probabilities)
    assert process.stdout.splitlines() == [f"{colors.classes[n]}: {probabilities[n]:.1%}" for n in order]


def test_class_names_cannot_inject_code():
    names = ['"); import os  #', "'''", "line\nbreak", "\\"]
    source = snippets.write_program("keras", names).split("CLASSES = ")[1].split("\n\n\ndef read")[0]
    assert ast.literal_eval(source) == names


@pytest.fixture
def few_images(monkeypatch):
    """Compares exported files with large networks on three of the ten images, the smallest."""
    images = sorted(export._load_test_images(), key=np.size)[:3]
    monkeypatch.setattr(export, "_load_test_images", lambda: images)


@pytest.mark.usefixtures("few_images")
def test_the_task_exports_resnet50(resnet50_home):
    """Exports to TFLite; the other formats are tested with small networks."""
    result = tasks.run("classify.export", ExportSettings(form="tflite"), {})
    assert result.figures["largest_difference"] < 1e-4
    assert result.files[0].name == "imagenet-resnet50.tflite"
    assert result.figures["bytes"] == result.files[0].path.stat().st_size > 90e6
    assert "Egyptian cat" in result.files[1].read().decode()


@pytest.fixture(scope="module")
def trained_lite0(lasting_weights_home, class_folder):
    """The file of a classifier on EfficientNet-Lite0."""
    with lasting_weights_home():
        settings = TrainClassifierSettings(backbone="efficientnet-lite0", size=64)
        inputs = {"data": [store_reference(str(class_folder))]}
        return tasks.run("classify.train", settings, inputs).files[0].read()


@pytest.fixture
def lite0_preset(lite0_home, trained_lite0, class_folder):
    """A classifier on EfficientNet-Lite0, and the dataset that it was trained on."""
    return tasks.File.store(trained_lite0, "model", "shapes.zip"), store_reference(str(class_folder))


@pytest.mark.usefixtures("few_images")
def test_an_int8_export_is_small_and_its_accuracy_is_on_its_card(lite0_preset, tmp_path, class_folder):
    model, dataset = lite0_preset
    settings, inputs = ExportSettings(form="tflite", precision="int8"), {"model": [model], "data": [dataset]}
    tasks.check("classify.export", settings, inputs)
    result = tasks.run("classify.export", settings, inputs)
    network, program, card = result.files
    figures = result.figures
    assert 3.4e6 < figures["bytes"] < 4.5e6  # a byte for each of 3.4 million parameters
    assert figures["tested"] == 12 and figures["calibrated"] == 24
    assert figures["accuracy"] >= figures["model_accuracy"] - 0.1 and figures["agreement"] >= 0.9
    assert f"| test accuracy of the int8 file | {figures['accuracy']:.1%} |" in card.read().decode()
    assert f"is {figures['accuracy']:.1%}, that of the model" in figures["notes"][0]
    photo = next((class_folder / "disc").iterdir())
    path = tmp_path / network.name
    path.write_bytes(network.read())
    with zipfile.ZipFile(path) as packed:
        assert packed.read(export.LABELS).decode().split("\n") == ["disc", "lying", "standing"]
    (tmp_path / "ask.py").write_bytes(program.read())
    command = [sys.executable, "-I", "ask.py", str(path), str(photo)]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    probabilities = loaders.LOADERS[".tflite"](path)(image_io.read(photo)[None])[0]
    assert process.stdout.startswith(f"disc: {probabilities[0]:.1%}"), process.stderr


def test_int8_needs_the_dataset_of_the_training(weights_home, class_folder, tmp_path):
    toy_classifier.save("toy")
    settings = ExportSettings(preset="toy", form="tflite", precision="int8")
    with pytest.raises(InvalidInput, match="the dataset that the classifier was trained on"):
        tasks.check("classify.export", settings, {})
    with pytest.raises(InvalidInput, match=r"Use a classifier that the studio trained\. Choose one"):
        tasks.check("classify.export", ExportSettings(form="tflite", precision="int8"), {})
    with pytest.raises(InvalidInput, match="the format tflite"):
        tasks.check("classify.export", ExportSettings(preset="toy", precision="float16"), {})


def test_an_int8_export_that_loses_accuracy_is_discarded(colors, tmp_path):
    path = tmp_path / "colors.tflite"
    images = np.zeros((6, 32, 32, 3), "uint8")
    for n, image in enumerate(images):
        image[..., n % 3] = 200
    int8.write(colors, path, images)
    split = int8.SplitImages(images, images, np.arange(6) % 3)
    assert int8.measure_accuracy(colors, path, split, Progress())["accuracy"] == 1
    wrong = toy_classifier.make_color_classifier()
    kernel, bias = wrong.network.layers[-1].get_weights()
    wrong.network.layers[-1].set_weights([kernel[:, [1, 2, 0]], bias])
    int8.write(wrong, path, images)
    with pytest.raises(StudioError, match=r"from 100\.0% to 0\.0%\. Export with --precision float16"):
        int8.measure_accuracy(colors, path, split, Progress())


@pytest.mark.usefixtures("few_images")
def test_a_float16_export_is_half_as_large_and_agrees(lite0_preset):
    inputs = {"model": [lite0_preset[0]]}
    result = tasks.run("classify.export", ExportSettings(form="tflite", precision="float16"), inputs)
    assert 6.7e6 < result.figures["bytes"] < 7.2e6
    assert 0 < result.figures["largest_difference"] < export.MAX_FLOAT16_DIFFERENCE


def test_an_export_that_disagrees_with_the_model_is_discarded(weights_home, monkeypatch):
    toy_classifier.save("toy")
    settings = ExportSettings(preset="toy")
    monkeypatch.setattr(export, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(StudioError, match="discarded"):
        tasks.run("classify.export", settings, {})


def test_missing_packages_are_reported_by_the_check(home, monkeypatch):
    monkeypatch.setattr(export, "REQUIRED_PACKAGES", {"onnx": ("no_such_package",)})
    with pytest.raises(Unavailable, match=r"needs no_such_package, not installed.*Run `pip install"):
        tasks.check("classify.export", ExportSettings(form="onnx"), {})
    with pytest.raises(InvalidInput, match="nobody"):
        tasks.check("classify.export", ExportSettings(preset="nobody"), {})
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(Unavailable, match="TensorFlow"):
        tasks.check("classify.export", ExportSettings(form="tflite"), {})
    tasks.check("classify.export", ExportSettings(form="keras"), {})


def test_a_keras_export_states_its_input_range(weights_home, tmp_path):
    toy_classifier.save("toy")
    result = tasks.run("classify.export", ExportSettings(preset="toy", form="keras"), {})
    [note] = [note for note in result.figures["notes"] if "from 0 to 255" in note]
    path = tmp_path / "toy.keras"
    path.write_bytes(result.files[0].read())
    with zipfile.ZipFile(path) as packed:
        assert packed.read("input.txt").decode().strip() == note
    with path.open("rb") as file:
        assert keras_files.read(file).labels


@pytest.mark.parametrize("form", FORMS)
def test_a_file_extension_selects_the_format(form):
    assert ExportSettings().for_ending(form).form == form


def test_an_exported_keras_model_can_be_trained_further(colors, tmp_path):
    normalized = keras.layers.BatchNormalization(name="bn")(colors.network.get_layer("maps").output)
    output = colors.network.layers[-1](keras.layers.GlobalAveragePooling2D()(normalized))
    network = keras.Model(colors.network.input, output)
    network.trainable = False  # like classifiers of the studio
    export.WRITERS["keras"](replace(colors, network=network), tmp_path / "a.keras")
    assert not network.trainable_weights, "the classifier itself stays frozen"
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as packed:
        assert "uint8 RGB images from 0 to 255" in packed.read(export.INPUT).decode()
    images = np.random.default_rng(0).integers(0, 256, (4, 50, 70, 3), "uint8")
    assert loaded.input.dtype == "uint8"
    assert np.allclose(loaded.predict_on_batch(images), network.predict_on_batch(images), atol=1e-5)
    before = loaded.get_weights()
    loaded.compile("sgd", "sparse_categorical_crossentropy")
    loaded.fit(images, np.array([0, 1, 2, 0]), verbose=0)
    changed = {
        variable.path.split("/")[0]
        for variable, array in zip(loaded.weights, before, strict=True)
        if not np.array_equal(variable, array)
    }
    assert changed == {"maps", "probabilities"}, "batch normalization keeps its statistics"
