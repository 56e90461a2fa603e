"""A TFLite file with 8-bit integers, calibrated on training images and tested on the test split.

Reference:
    Jacob et al. 2017, arXiv:1712.05877.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.classify.export import fixed_size, loaders
from studio.classify.inference.score import match_labels
from studio.classify.models import trained
from studio.classify.models.classifier import Classifier
from studio.classify.training import split_record
from studio.classify.training.evaluate import decide
from studio.core import data
from studio.core.data.sources import invalid_data_set
from studio.core.errors import StudioError
from studio.core.imaging import crops
from studio.core.litert import convert
from studio.core.models import cards
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import File

CALIBRATION_IMAGES = 100
MAX_ACCURACY_LOSS = 0.1  # of the test accuracy, above which a file is discarded


@dataclass(frozen=True)
class SplitImages:
    """Images of a classifier's dataset, by their use.

    Attributes:
        calibration: training images, `(n, side, side, 3) uint8`.
        test: the test split, `(m, side, side, 3) uint8`.
        truth: the classes of the test split as indices, `(m,)`, or multi-hot, `(m, k)`.
    """

    calibration: np.ndarray
    test: np.ndarray
    truth: np.ndarray


def load_images(preset: Preset, file: File, progress: Progress) -> SplitImages:
    """Reads the dataset that a classifier was trained on.

    Raises:
        InvalidInput: if it is another dataset, or a file is damaged.
    """
    dataset = data.load_dataset(file, trained.side_of(preset), progress=progress)
    independent = trained.is_multi_label(preset)
    truth = match_labels(dataset, trained.classes_of(preset), file.name, independent=independent)
    test_mask = split_record.load_test_mask(preset, dataset)
    if not test_mask.any():
        expected = f"the dataset that {preset.name} was trained on"
        raise invalid_data_set(file.name, expected, "other images", "choose that dataset, or float16")
    train_rows = np.flatnonzero(split_record.load_training_mask(preset, dataset) & ~test_mask)
    count = min(CALIBRATION_IMAGES, len(train_rows))
    rows = np.sort(np.random.default_rng(0).choice(train_rows, count, replace=False))
    test_rows = np.flatnonzero(test_mask)
    return SplitImages(dataset.images[rows], dataset.images[test_rows], truth[test_rows])


def write(classifier: Classifier, path: Path, calibration: np.ndarray) -> None:
    """Writes a TFLite file for one image of the classifier's size at a time, `(1, height, width, 3) uint8`.

    Args:
        classifier: a classifier.
        path: of the file.
        calibration: images, `(n, H, W, 3) uint8`.

    Raises:
        StudioError: if the classifier has parts that are not layers.
    """
    body = classifier.body
    if body is None:
        raise StudioError("The model has parts that are not layers. Export it with --precision float16.")
    inputs = [crops.crop_and_resize(image, *classifier.size)[None].astype("float32") for image in calibration]
    inputs[0][0, 0, :2] = [[0], [255]]  # the whole range, so that the integers of the input are pixels
    network = fixed_size.build(classifier, body, scale=1.0, offset=0.0, batch=1)
    convert.export(network, path, calibration=inputs)


def measure_accuracy(
    classifier: Classifier, path: Path, images: SplitImages, progress: Progress
) -> dict[str, Any]:
    """Compares a file with its model on the test split.

    Returns:
        `accuracy` of the file, `model_accuracy`, `agreement` (the share of the same predictions, each for an
        image, or for an image and one of its independent classes), `tested` and `calibrated`, the numbers of
        images.

    Raises:
        StudioError: if the file is much less accurate than the model.
    """
    predict = loaders.LOADERS[path.suffix](path)
    probabilities = np.empty((len(images.test), len(classifier.classes)), "float32")
    for n, image in enumerate(images.test):
        progress.report(n, len(images.test), text="Testing the file")
        probabilities[n] = predict(image[None])[0]
    guesses = decide(probabilities, classifier.independent)
    model_guesses = decide(classifier.predict(list(images.test), progress), classifier.independent)
    accuracy, model_accuracy = (float((g == images.truth).mean()) for g in (guesses, model_guesses))
    if model_accuracy - accuracy > MAX_ACCURACY_LOSS:
        raise StudioError(
            f"The exported file was discarded, because int8 lowers the test accuracy from "
            f"{model_accuracy:.1%} to {accuracy:.1%}. Export with --precision float16."
        )
    return {
        "accuracy": accuracy,
        "model_accuracy": model_accuracy,
        "agreement": float((guesses == model_guesses).mean()),
        "tested": len(images.test),
        "calibrated": len(images.calibration),
    }


def describe(figures: dict[str, Any]) -> str:
    """Returns a sentence on the results of `measure_accuracy`."""
    return (
        f"On {figures['tested']:,} test images the accuracy of the file is {figures['accuracy']:.1%}, "
        f"that of the model {figures['model_accuracy']:.1%}."
    )


def compose_card(card: str, figures: dict[str, Any]) -> str:
    """Returns the card of a classifier with the results of `measure_accuracy` and the size of the file."""
    rows = [
        ("test accuracy of the int8 file", f"{figures['accuracy']:.1%}"),
        ("test accuracy of the model", f"{figures['model_accuracy']:.1%}"),
        ("the same prediction", f"{figures['agreement']:.1%}"),
        ("test images", f"{figures['tested']:,}"),
        ("training images for calibration", f"{figures['calibrated']:,}"),
        ("size (bytes)", f"{figures['bytes']:,}"),
    ]
    return f"{card.rstrip()}\n\n## TFLite, int8\n\n{cards.format_table(rows)}\n"
