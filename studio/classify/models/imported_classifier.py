"""An imported image classifier: its facts without Keras, and the network from raw images to probabilities."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast

from studio.classify.models import networks
from studio.classify.models.classifier import Classifier, get_or_make_classifier
from studio.classify.models.tflite_classifier import NoLayers, TFLiteClassifier
from studio.classify.settings import AUTO
from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.tasks import File
from studio.imported import class_names, safe_copies, tflite_files
from studio.imported.facts import Facts
from studio.imported.preprocessing import DEFAULT_PREPROCESSING, Choice, Preprocessing

_MAX_EAGER = 3  # images; compiling a network of 100 layers takes as long as running it on four
_BATCHES = (1,)  # the batch size of the sandbox; a larger one takes more memory


@dataclass(frozen=True)
class ClassifierFacts:
    """The facts about an imported classifier.

    Attributes:
        name: of its file.
        classes: their names.
        size: `(height, width)` in px of its input images.
        parameters: number of parameters.
        preprocessing: its input range, found or assumed.
        reason: why, in words; "" if it is assumed.
        output_kind: kind of its outputs; see `studio.imported.facts.ImageInput`.
        has_names: whether the file names its classes.
        flat: whether it takes an image as a flat vector.
        has_layers: whether it has gradients and features; a TFLite file has none.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    parameters: int
    preprocessing: Preprocessing = DEFAULT_PREPROCESSING
    reason: str = ""
    output_kind: str = "probabilities"
    has_names: bool = True
    flat: bool = False
    has_layers: bool = True

    def choose_preprocessing(self, setting: str = AUTO) -> Choice:
        """Returns the preprocessing that a setting names, or the model's own for "auto"."""
        if setting == AUTO:
            return Choice(self.preprocessing, self.reason)
        return Choice(cast(Preprocessing, setting), "chosen in the settings")


class FlatInput(InvalidInput):
    """Raised for a network with a flat input; only the user knows whether its values are pixels.

    Attributes:
        images: possible image size, in words.
    """

    def __init__(self, name: str, count: int, images: str):
        super().__init__(
            f"The model {make_printable(name, 60)} takes a flat vector of {count:,} values, not an image. "
            f"If these are the pixels of images of {images}, row by row, set `--flat`."
        )
        self.images = images


def read_facts(file: File, flat: bool = False) -> ClassifierFacts:
    """Returns the facts about a stored file. The first call takes a little longer than loading Keras.

    Args:
        file: stored.
        flat: whether a flat input takes the pixels of an image.

    Raises:
        InvalidInput: if the file is refused or is no image classifier.
    """
    return _to_classifier_facts(file, safe_copies.get_or_make(file).facts, flat)


def load(file: File, preprocessing: str = AUTO, flat: bool = False) -> Classifier:
    """Returns the classifier of a stored file, from its safe copy; cached in memory. Raises as `read_facts`.

    Args:
        file: stored.
        preprocessing: one of `preprocessing.LABELS`, or "auto".
        flat: as for `read_facts`.
    """
    copy = get_safe_copy(file)
    facts = _to_classifier_facts(file, copy.facts, flat)
    input_range = facts.choose_preprocessing(preprocessing).preprocessing

    def make() -> Classifier:
        if not facts.has_layers:
            return TFLiteClassifier(
                facts.name,
                file.digest,
                facts.classes,
                facts.size,
                cast(Any, NoLayers(facts.name)),
                None,
                preprocessing=input_range,
                independent=facts.output_kind == "shares",
                copy=copy,
            )
        network = networks.assemble(copy, facts.size, input_range)
        return Classifier(
            facts.name,
            file.digest,
            facts.classes,
            facts.size,
            network.network,
            network.maps,
            _BATCHES,
            preprocessed_images=network.preprocessed_images,
            preprocessing=input_range,
            independent=facts.output_kind == "shares",
            flat=facts.flat,
            max_eager=_MAX_EAGER,
        )

    return get_or_make_classifier(facts.name, f"{file.digest} {input_range}", make)


def get_safe_copy(file: File) -> safe_copies.SafeCopy:
    """Returns the safe copy of a stored file; imports Keras while the sandbox makes it."""
    with _import_keras_in_background():
        return safe_copies.get_or_make(file)


@contextmanager
def _import_keras_in_background() -> Iterator[None]:
    """Imports Keras in a thread, while this process waits for the sandbox."""

    def import_keras() -> None:
        with suppress(Exception):  # the next import raises it again
            importlib.import_module("keras")

    thread = threading.Thread(target=import_keras)
    if "keras" not in sys.modules:
        thread.start()
    try:
        yield
    finally:
        if thread.ident is not None:
            thread.join()


def _to_classifier_facts(file: File, facts: Facts, flat: bool) -> ClassifierFacts:
    """Returns the facts of a classifier.

    Raises:
        InvalidInput: if the network is no image classifier, has a flat input without `flat`, or another
            number of class names than of classes.
    """
    image = facts.image_input
    if image is None:
        raise invalid(
            f"model {make_printable(file.name, 60)}",
            expected="an image classifier: one input (height, width, 3 or 1) and one output vector",
            received=f"inputs {_format_shapes(facts.inputs)}, outputs {_format_shapes(facts.outputs)}",
        )
    if image.flat and not flat:
        count = facts.inputs[0][1] or 0
        channels = " x 3" if count > image.height * image.width else ""
        raise FlatInput(file.name, count, f"{image.height} x {image.width}{channels}")
    if facts.labels:
        class_names.check_count(facts.labels, facts.class_count, file.name)
    return ClassifierFacts(
        PurePath(file.name).stem or "model",
        facts.labels or tuple(f"class {n + 1}" for n in range(facts.class_count)),
        (image.height, image.width),
        facts.parameters,
        image.preprocessing,
        image.reason,
        image.output_kind,
        bool(facts.labels),
        image.flat,
        not _is_tflite(file.path),
    )


def _is_tflite(path: Path) -> bool:
    """Tells whether a model, or the one in a zip, is a TFLite file."""
    with path.open("rb") as stream:
        return tflite_files.find(stream) is not None


def _format_shapes(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    texts = (", ".join("any" if size is None else str(size) for size in shape[1:]) for shape in shapes)
    return " and ".join(f"({text})" for text in texts)
