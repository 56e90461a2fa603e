"""A classifier as one file for other programs: Keras, TFLite or ONNX, looked at again before it is given.

The file takes raw images, `(B, H, W, 3) uint8` of any size, and has the names of the classes in it.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from studio.classify.export import opened, packed, snippets
from studio.classify.models import available, crop
from studio.classify.models.classifier import Classifier
from studio.classify.settings import ExportSettings
from studio.core import paths, recipes
from studio.core.errors import StudioError, Unavailable
from studio.core.imaging import image_io, sample_photos
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.imported.keras_files import LABELS, SIZE

IMAGES = 10  # that an export is compared on
MOST_AWAY = 1e-3  # of a probability, above which an export is wrong, not rounded
# TFLite and ONNX refuse floats here. Keras casts whatever it is given to the type of its input.
_INPUT_NOTES = {
    "keras": ("Give it uint8 images from 0 to 255: Keras casts images in [0, 1] to 0 without a warning.",)
}
NEEDS = {"onnx": ("tf2onnx", "onnx", "onnxruntime")}


def check(settings: ExportSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `StudioError` unless there is such a classifier and all that its export needs."""
    available.check(settings, inputs)
    missing = [name for name in NEEDS.get(settings.form, ()) if find_spec(name) is None]
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


def run(settings: ExportSettings, inputs: Inputs, progress: Progress) -> Result:
    """Exports a classifier, loads the file again and compares what both say of ten images."""
    began = time.monotonic()
    classifier = available.classifier(settings, inputs, progress)
    progress.stage(f"Writing {settings.form}")
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        path = Path(place) / f"{classifier.name}.{settings.ending}"
        WRITERS[settings.form](classifier, path)
        progress.stage("Comparing with the model")
        away = largest_difference(classifier, path, progress)
        data = path.read_bytes()
    if not away <= MOST_AWAY:
        raise StudioError(
            f"The exported file was discarded, because its probabilities differ from the model's by up to "
            f"{away:.2g}. Export to another format."
        )
    snippet = snippets.program(settings.form, classifier.classes)
    nearly = f"within {away:.1e} of the model's" if away else "exactly the model's"
    told = f"On {IMAGES} images the file's probabilities are {nearly}."
    figures = {
        "bytes": len(data),
        "images": IMAGES,
        "largest_difference": away,
        "classes": len(classifier.classes),
        "snippet": snippet,
        "seconds": time.monotonic() - began,
        "notes": [
            told,
            *_INPUT_NOTES.get(settings.form, ()),
            *available.preprocessing_notes(settings, inputs),
        ],
    }
    recipe = recipes.make("classify.export", settings, inputs, available.weights(classifier, inputs))
    kept = File.keep(data, "network", path.name)
    beside = File.keep(snippet.encode(), "text", f"{path.name}.{snippets.ending(settings.form)}")
    return Result((kept, beside), figures, recipe)


def largest_difference(classifier: Classifier, path: Path, progress: Progress | None = None) -> float:
    """How far the probabilities of an exported file are from the model's, at most, on ten images.

    Args:
        classifier: the model.
        path: of a `.keras`, `.tflite`, `.onnx` or `.zip` file; loaded as its users load it.
        progress: told of every image.
    """
    ask: Callable[[np.ndarray], np.ndarray] = opened.OPENERS[path.suffix](path)
    progress = progress or Progress()
    away = [0.0]
    for n, image in enumerate(_images()):
        progress.report(n, IMAGES, text="Comparing with the model")
        # A zip's network takes one size alone, to which whoever asks it brings the image first.
        given = crop.cut(image, *classifier.size) if path.suffix == ".zip" else image
        away.append(float(np.abs(ask(given[None]) - classifier.network(given[None])).max()))
    return float(np.max(away))  # not Python's own, which passes NaN over


def _images() -> list[np.ndarray]:
    """Ten images of ten sizes: photos, parts of them, and noise."""
    photos = [
        image_io.fit(sample_photos.photo(name), 320 + 40 * n) for n, name in enumerate(sample_photos.photos())
    ]
    parts = [photos[0][:, :130], photos[1][:97], photos[2][30:71, 50:93]]
    noise = np.random.default_rng(0).integers(0, 256, (150, 260, 3), "uint8")
    return [*photos, *parts, noise][:IMAGES]


def _keras(classifier: Classifier, path: Path) -> None:
    network = classifier.network
    was_trainable, network.trainable = network.trainable, True  # whoever loads the file may train it further
    try:
        network.save(path)
    finally:
        network.trainable = was_trainable
    _add_labels(path, classifier.classes)
    height, width = classifier.size
    if height == width:  # so that it gets the same images when it is imported again
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(SIZE, str(height))


def _tflite(classifier: Classifier, path: Path) -> None:
    classifier.network.export(path, format="litert", verbose=False)
    _add_labels(path, classifier.classes)


def _onnx(classifier: Classifier, path: Path) -> None:
    import onnx

    classifier.network(np.zeros((1, *classifier.size, 3), "uint8"))  # Keras asks for it
    classifier.network.export(path, format="onnx", verbose=False)
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"classes": json.dumps(classifier.classes)})
    onnx.save(model, path)


WRITERS: dict[str, Callable[[Classifier, Path], None]] = {
    "keras": _keras,
    "tflite": _tflite,
    "onnx": _onnx,
    "teachable": packed.teachable,
    "tfjs": packed.web,
}


def _add_labels(path: Path, classes: Sequence[str]) -> None:
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(LABELS, "\n".join(" ".join(name.split()) for name in classes))
