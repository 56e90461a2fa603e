"""Grad-CAM: the image regions that a prediction is based on.

Reference:
    Selvaraju et al. 2017, arXiv:1610.02391.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.inference import heatmap_overlay, predict
from studio.classify.models import available, imagenet
from studio.classify.models.classifier import Classifier
from studio.classify.settings import IMAGENET, ExplainSettings
from studio.core import recipes
from studio.core.errors import StudioError, unknown
from studio.core.imaging import crops, image_io
from studio.core.models.lru import get_or_make
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

if TYPE_CHECKING:
    import keras

MIN_SIDE, MAX_SIDE = 384, 1024  # px of the result's longer side
TOP_K = 5  # most probable labels
_COMPILED: dict[str, Callable] = {}  # compiled, by the key of their classifier
_MAX_CACHED = 3


def run(settings: ExplainSettings, inputs: Inputs, progress: Progress) -> Result:
    """Draws a heatmap of the regions that raise the score of a class."""
    began = time.monotonic()
    file = inputs["image"][0]
    image = image_io.read(file.read(), file.name)
    classifier = available.load_classifier(settings, inputs, progress)
    target = _find_class_index(settings.label, classifier) if settings.label else None
    progress.report_stage("Computing Grad-CAM")
    heat, probabilities, class_index = explain(classifier, image, target)
    longer_side = min(max(*image.shape[:2], MIN_SIDE), MAX_SIDE)
    overlay = heatmap_overlay.draw(
        image_io.fit(image, longer_side),
        heat,
        settings.view,
        settings.strength,
        classifier.size,
        classifier.map_offset,
    )
    figures = {
        "label": classifier.classes[class_index],
        "probability": float(probabilities[class_index]),
        "whole": crops.crop_and_resize(image, *classifier.size).shape == image.shape,
        "labels": predict.select_top_labels(
            probabilities, classifier.classes, predict.count_labels(classifier, probabilities, TOP_K)
        ),
        **predict.describe_rejection(classifier, probabilities),
        **available.describe_imported_model(settings, inputs),
        "seconds": time.monotonic() - began,
    }
    recipe = recipes.make("classify.explain", settings, inputs, available.list_weights(classifier, inputs))
    output = File.store(image_io.encode_png(overlay, recipe), "image", "explanation.png")
    return Result((output,), figures, recipe)


def prepare(settings: ExplainSettings) -> None:
    """Loads ImageNet's classifier and compiles Grad-CAM in a warm worker, if the files are cached."""
    if settings.preset == IMAGENET and imagenet.is_cached():
        explain(imagenet.load(), np.zeros((imagenet.SIZE, imagenet.SIZE, 3), "uint8"))


def explain(
    classifier: Classifier, image: np.ndarray, class_index: int | None = None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Computes the Grad-CAM heatmap of a class for the center crop of an image.

    Args:
        classifier: the classifier.
        image: `(H, W, 3) uint8`.
        class_index: of the class; None takes the most probable one.

    Returns:
        `(h, w) float32` heatmap with maximum 1, or all 0; `(k,)` probabilities; and the class index.

    Raises:
        StudioError: if the classifier has no spatial layer.
    """
    from keras import ops

    compute = get_or_make(
        _COMPILED, classifier.key or classifier.digest, lambda: _compile_grad_cam(classifier), _MAX_CACHED
    )
    pixels = crops.crop_and_resize(image, *classifier.size)[None]
    outputs = compute(ops.convert_to_tensor(pixels), np.int32(-1 if class_index is None else class_index))
    heat, probabilities, target = (np.asarray(output) for output in outputs)
    return heat / max(float(heat.max()), 1e-12), probabilities, int(target)


def _compile_grad_cam(classifier: Classifier) -> Callable:
    """Compiles `((1, S, S, 3) uint8, index or -1) -> (heatmap (h, w), probabilities (k,), index)`.

    The score is the class's logit. Unlike the paper, the mean of all logits is subtracted, because with
    softmax, what raises all logits alike changes no probability and should not show.
    """
    import keras
    from keras import ops

    from studio.core.objectives.gradients import compile_function, value_and_grad

    output, to_logits, to_probabilities = _split_output(classifier)
    try:
        to_maps = keras.Model(classifier.network.input, classifier.maps)
        to_output = keras.Model(classifier.maps, output)
    except (ValueError, TypeError, AttributeError):  # there are no maps, or a skip connection bypasses them
        raise StudioError(
            f"{classifier.name} has no spatial feature layer, so Grad-CAM is not available for it. "
            "Use `studio classify predict` instead."
        ) from None

    def score(activations, class_index):
        logits = to_logits(to_output(activations))[0]
        class_index = ops.where(class_index < 0, ops.cast(ops.argmax(logits), "int32"), class_index)
        mean = 0.0 if classifier.independent else ops.mean(logits)
        return ops.take(logits, class_index) - mean, (logits, class_index)

    def grad_cam(images, class_index):
        activations = to_maps(images)
        _, (logits, class_index), gradient = value_and_grad(score)(activations, class_index)
        weights = ops.mean(gradient, axis=(1, 2), keepdims=True)
        heat = ops.relu(ops.sum(weights * activations, axis=-1))[0]
        return heat, to_probabilities(logits), class_index

    return compile_function(grad_cam)


def _split_output(classifier: Classifier) -> tuple[keras.KerasTensor, Callable, Callable]:
    """Returns the tensor before softmax or sigmoid, a function to logits, and one to probabilities."""
    import keras
    from keras import ops

    network = classifier.network
    output_layer = network.layers[-1]
    name, to_probabilities = ("sigmoid", ops.sigmoid) if classifier.independent else ("softmax", ops.softmax)
    is_known = getattr(output_layer, "activation", None) is keras.activations.get(name)
    if isinstance(output_layer, keras.layers.Dense) and is_known:
        weights = [ops.convert_to_tensor(weight) for weight in output_layer.weights]
        to_logits = lambda inputs: ops.matmul(inputs, weights[0]) + (weights[1] if weights[1:] else 0)  # noqa: E731
        return output_layer.input, to_logits, to_probabilities
    if classifier.independent:
        return network.output, _invert_sigmoid, to_probabilities
    if isinstance(output_layer, keras.layers.Softmax) or (
        isinstance(output_layer, keras.layers.Activation) and is_known
    ):
        return output_layer.input, lambda logits: logits, ops.softmax
    # Log probabilities serve as logits, except for probabilities that are 0 in float32.
    return network.output, lambda shares: ops.log(ops.maximum(shares, 1e-30)), ops.softmax


def _invert_sigmoid(shares):
    """Returns the logits of sigmoid outputs."""
    from keras import ops

    return ops.log(ops.maximum(shares, 1e-30)) - ops.log(ops.maximum(1 - shares, 1e-7))


def _find_class_index(label: str, classifier: Classifier) -> int:
    """Returns the index of a label: an exact match, or else ignoring case."""
    if label in classifier.classes:
        return classifier.classes.index(label)
    names = [name.casefold() for name in classifier.classes]
    if label.casefold() in names:
        return names.index(label.casefold())
    raise unknown("label", label, classifier.classes)
