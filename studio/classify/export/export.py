"""Exports a classifier to Keras, TFLite, ONNX, Teachable Machine or TensorFlow.js, and verifies the file.

The file takes raw images, `(B, H, W, 3) uint8` of any size, and contains the class names.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.export import int8, loaders, snippets, zip_exports
from studio.classify.models import available, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import EXPORT_TITLES, ExportSettings
from studio.core import paths, recipes
from studio.core.errors import StudioError, Unavailable, invalid
from studio.core.imaging import crops, image_io, sample_photos
from studio.core.litert import convert
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.imported.keras_files import INPUT, LABELS, SIZE

if TYPE_CHECKING:
    import keras

TEST_IMAGES = 10  # for comparing an export with its model
# Difference of probabilities above which an export is wrong, not rounded; the second with float16.
MAX_DIFFERENCE, MAX_FLOAT16_DIFFERENCE = 1e-3, 2e-2
# TFLite and ONNX refuse floats here. Keras casts any input to the type of its input tensor.
_KERAS_INPUT_NOTE = (
    "Give it uint8 RGB images from 0 to 255: Keras casts images in [0, 1] to 0 without a warning. All layers "
    "but batch normalization are trainable."
)
REQUIRED_PACKAGES = {"onnx": ("tf2onnx", "onnx", "onnxruntime")}


def check(settings: ExportSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `StudioError` if the classifier does not exist or the export lacks a package."""
    available.check(settings, inputs)
    _check_precision(settings, inputs)
    preset = available.find_trained_preset(settings, inputs)
    if settings.form == "teachable" and preset and trained.is_multi_label(preset):
        raise zip_exports.multi_label_error()
    missing = [name for name in REQUIRED_PACKAGES.get(settings.form, ()) if find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"ONNX export needs {', '.join(missing)}, not installed here. "
            "Run `pip install -e '.[export]'` in the studio's folder, or export to .keras or .tflite."
        )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if settings.form in ("tflite", "onnx") and (backend != "tensorflow" or find_spec("tensorflow") is None):
        raise Unavailable(
            f"Export to {settings.form} needs Keras on TensorFlow. "
            "Install it and set KERAS_BACKEND=tensorflow, or export to .keras."
        )


def _check_precision(settings: ExportSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if the file cannot have the precision that the settings ask for."""
    subject = f"precision {settings.precision}"
    if settings.precision != "float32" and settings.form != "tflite":
        raise invalid(subject, expected="the format tflite", received=f"the format {settings.form}")
    if settings.precision != "int8":
        return
    if available.find_trained_preset(settings, inputs) is None:
        step = "choose one, or float16"
        raise invalid(
            subject, expected="a classifier that the studio trained", received="another", next_step=step
        )
    if not inputs.get("data"):
        expected = "the dataset that the classifier was trained on"
        raise invalid(subject, expected=expected, received="none", next_step="give it with --data")


def run(settings: ExportSettings, inputs: Inputs, progress: Progress) -> Result:
    """Exports a classifier, loads the file and compares it with the model.

    Compares the probabilities for ten images; with int8, the accuracy on the test split.
    """
    began = time.monotonic()
    classifier = available.load_classifier(settings, inputs, progress)
    is_int8 = settings.precision == "int8"
    preset = available.find_trained_preset(settings, inputs) if is_int8 else None
    images = int8.load_images(preset, inputs["data"][0], progress) if preset else None
    progress.report_stage(f"Writing {EXPORT_TITLES[settings.form]}")
    with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as folder:
        path = Path(folder) / f"{classifier.name}.{settings.ending}"
        if images:
            int8.write(classifier, path, images.calibration)
            _add_labels(path, classifier.classes)
        elif settings.precision == "float16":
            convert.export(classifier.network, path, float16=True)
            _add_labels(path, classifier.classes)
        else:
            WRITERS[settings.form](classifier, path)
        progress.report_stage("Comparing with the model")
        if images:
            comparison = int8.measure_accuracy(classifier, path, images, progress)
            note = int8.describe(comparison)
        else:
            comparison, note = _compare(settings, classifier, path, progress)
        data = path.read_bytes()
    program_form = "int8" if is_int8 else settings.form
    snippet = snippets.write_program(
        program_form, classifier.classes, classifier.threshold, classifier.independent
    )
    figures = {
        "bytes": len(data),
        **comparison,
        "classes": len(classifier.classes),
        "snippet": snippet,
        "seconds": time.monotonic() - began,
        "notes": [
            note,
            *([_KERAS_INPUT_NOTE] if settings.form == "keras" else []),
            *available.list_imported_model_notes(settings, inputs),
        ],
    }
    recipe = recipes.make("classify.export", settings, inputs, available.list_weights(classifier, inputs))
    model_file = File.store(data, "network", path.name)
    snippet_file = File.store(
        snippet.encode(), "text", f"{path.name}.{snippets.file_extension(settings.form)}"
    )
    result_files = [model_file, snippet_file]
    if preset:
        card = int8.compose_card(preset.read_card(), figures)
        result_files.append(File.store(card.encode(), "text", f"{path.name}.md"))
    return Result(tuple(result_files), figures, recipe)


def _compare(
    settings: ExportSettings, classifier: Classifier, path: Path, progress: Progress
) -> tuple[dict[str, Any], str]:
    """Returns the difference of an exported file as figures and as a sentence.

    Raises:
        StudioError: if it is too large.
    """
    difference = measure_difference(classifier, path, progress)
    if not difference <= (MAX_FLOAT16_DIFFERENCE if settings.precision == "float16" else MAX_DIFFERENCE):
        raise StudioError(
            f"The exported file was discarded, because its probabilities differ from the model's by up to "
            f"{difference:.2g}. Export to another format."
        )
    agreement = f"within {difference:.1e} of the model's" if difference else "exactly the model's"
    note = f"On {TEST_IMAGES} images the file's probabilities are {agreement}."
    return {"images": TEST_IMAGES, "largest_difference": difference}, note


def measure_difference(classifier: Classifier, path: Path, progress: Progress | None = None) -> float:
    """Returns the largest difference between an exported file's and the model's probabilities.

    Args:
        classifier: the model.
        path: of a `.keras`, `.tflite`, `.onnx` or `.zip` file; loaded as its users load it.
        progress: receives the number of images done.
    """
    predict: Callable[[np.ndarray], np.ndarray] = loaders.LOADERS[path.suffix](path)
    progress = progress or Progress()
    differences = [0.0]
    for n, image in enumerate(_load_test_images()):
        progress.report(n, TEST_IMAGES, text="Comparing with the model")
        # The network in a zip takes images of one size, so its users resize them first.
        pixels = crops.crop_and_resize(image, *classifier.size) if path.suffix == ".zip" else image
        differences.append(float(np.abs(predict(pixels[None]) - classifier.network(pixels[None])).max()))
    return float(np.max(differences))  # not Python's max, which ignores NaN


def _load_test_images() -> list[np.ndarray]:
    """Returns ten images of ten sizes: photos, crops and noise."""
    photos = [
        image_io.fit(sample_photos.read_photo(name), 320 + 40 * n)
        for n, name in enumerate(sample_photos.list_photos())
    ]
    crops = [photos[0][:, :130], photos[1][:97], photos[2][30:71, 50:93]]
    noise = np.random.default_rng(0).integers(0, 256, (150, 260, 3), "uint8")
    return [*photos, *crops, noise][:TEST_IMAGES]


def _write_keras(classifier: Classifier, path: Path) -> None:
    with _make_trainable(classifier.network):
        classifier.network.save(path)
    _add_labels(path, classifier.classes)
    height, width = classifier.size
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(INPUT, f"{_KERAS_INPUT_NOTE}\n")
        if height == width:  # so that a later import resizes images alike
            file.writestr(SIZE, str(height))


@contextmanager
def _make_trainable(network: keras.Model) -> Iterator[None]:
    """Makes all layers trainable except batch normalization, until the context ends.

    Small batches would corrupt the statistics of batch normalization.
    """
    import keras

    layers = [layer for layer in network._flatten_layers() if not isinstance(layer, keras.Model)]
    before = [layer.trainable for layer in layers]
    was_trainable = network.trainable
    try:
        network.trainable = True
        for layer in layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
        yield
    finally:
        network.trainable = was_trainable
        for layer, is_trainable in zip(layers, before, strict=True):
            layer.trainable = is_trainable


def _write_tflite(classifier: Classifier, path: Path) -> None:
    classifier.network.export(path, format="litert", verbose=False)
    _add_labels(path, classifier.classes)


def _write_onnx(classifier: Classifier, path: Path) -> None:
    import onnx

    classifier.network(np.zeros((1, *classifier.size, 3), "uint8"))  # Keras requires a call before the export
    classifier.network.export(path, format="onnx", verbose=False)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"classes": json.dumps(classifier.classes)})
    onnx.save(model, path)


WRITERS: dict[str, Callable[[Classifier, Path], None]] = {
    "keras": _write_keras,
    "tflite": _write_tflite,
    "onnx": _write_onnx,
    "teachable": zip_exports.write_teachable,
    "tfjs": zip_exports.write_tfjs,
}


def _add_labels(path: Path, classes: Sequence[str]) -> None:
    """Adds the class names to an exported file as a zip member, one per line."""
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(LABELS, "\n".join(" ".join(name.split()) for name in classes))
