"""Grad-CAM: where in an image a classifier sees what it says.

Reference:
    Selvaraju et al. 2017, arXiv:1610.02391.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.ask import heatmap_overlay, predict
from studio.classify.models import available, crop, imagenet
from studio.classify.models.classifier import Classifier
from studio.classify.settings import IMAGENET, ExplainSettings
from studio.core import recipes
from studio.core.errors import StudioError, unknown
from studio.core.imaging import image_io
from studio.core.models.recently_used import get_or_make
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

if TYPE_CHECKING:
    import keras

LEAST, LONGEST = 384, 1024  # px of the longer side of the image that is shown
TOLD = 5  # of the likeliest labels
_MAPS: dict[str, Callable] = {}  # compiled, by the key of their classifier
_MOST_HELD = 3


def run(settings: ExplainSettings, inputs: Inputs, progress: Progress) -> Result:
    """Draws where in an image the classifier sees a label."""
    began = time.monotonic()
    file = inputs["image"][0]
    image = image_io.read(file.read(), file.name)
    classifier = available.classifier(settings, inputs, progress)
    wanted = _place(settings.label, classifier) if settings.label else None
    progress.stage("Computing Grad-CAM")
    where, probabilities, place = look(classifier, image, wanted)
    longest = min(max(*image.shape[:2], LEAST), LONGEST)
    whole = image_io.fit(image, longest)
    shown = heatmap_overlay.draw(
        whole, where, settings.view, settings.strength, classifier.size, classifier.lean
    )
    figures = {
        "label": classifier.classes[place],
        "probability": float(probabilities[place]),
        "whole": crop.cut(image, *classifier.size).shape == image.shape,
        "labels": predict.best(probabilities, classifier.classes, TOLD),
        **available.preprocessing(settings, inputs),
        "seconds": time.monotonic() - began,
    }
    recipe = recipes.make("classify.explain", settings, inputs, available.weights(classifier, inputs))
    kept = File.keep(image_io.encode_png(shown, recipe), "image", "explanation.png")
    return Result((kept,), figures, recipe)


def prepare(settings: ExplainSettings) -> None:
    """Makes a warm worker ready to explain, if what that needs is here already."""
    if settings.preset == IMAGENET and imagenet.cached():
        look(imagenet.open(), np.zeros((imagenet.SIZE, imagenet.SIZE, 3), "uint8"))


def look(
    classifier: Classifier, image: np.ndarray, place: int | None = None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Where in the middle of an image a classifier sees a class.

    Args:
        classifier: what looks.
        image: `(H, W, 3) uint8`.
        place: of the class among its classes; the likeliest when None.

    Returns:
        `(h, w) float32`, from 0 to 1 where it speaks most for that class (all 0 where nothing does);
        `(k,)` probabilities; and the place.

    Raises:
        StudioError: if no layer of the classifier has places any more.
    """
    from keras import ops

    look = get_or_make(_MAPS, classifier.key or classifier.digest, lambda: _built(classifier), _MOST_HELD)
    cut = crop.cut(image, *classifier.size)[None]
    found = look(ops.convert_to_tensor(cut), np.int32(-1 if place is None else place))
    where, probabilities, looked_for = (np.asarray(one) for one in found)
    return where / max(float(where.max()), 1e-12), probabilities, int(looked_for)


def _built(classifier: Classifier) -> Callable:
    """`((1, S, S, 3) uint8, place or -1) -> (where (h, w), probabilities (k,), place)`, in one pass each way.

    Departs from the paper: the score is how far the class's logit is above the mean of all. What is in all of
    them alike changes no probability, so it should not show either.
    """
    import keras
    from keras import ops

    from studio.core.objectives.gradients import compiled, value_and_grad

    end, to_logits, to_shares = _end(classifier)
    try:
        below = keras.Model(classifier.network.input, classifier.maps)
        above = keras.Model(classifier.maps, end)
    except (ValueError, TypeError, AttributeError):  # there is none, or something passes by next to it
        raise StudioError(
            f"{classifier.name} has no spatial feature layer, so Grad-CAM is not available for it. "
            "Use `studio classify predict` instead."
        ) from None

    def score(activations, place):
        logits = to_logits(above(activations))[0]
        place = ops.where(place < 0, ops.cast(ops.argmax(logits), "int32"), place)
        return ops.take(logits, place) - ops.mean(logits), (logits, place)

    def seen(images, place):
        activations = below(images)
        _, (logits, place), slope = value_and_grad(score)(activations, place)
        weights = ops.mean(slope, axis=(1, 2), keepdims=True)
        where = ops.relu(ops.sum(weights * activations, axis=-1))[0]
        return where, to_shares(logits), place

    return compiled(seen)


def _end(classifier: Classifier) -> tuple[keras.KerasTensor, Callable, Callable]:
    """The last tensor of a network before its softmax, what makes logits of it, and shares of those."""
    import keras
    from keras import ops

    network = classifier.network
    if classifier.independent:
        return network.output, _log_odds, ops.sigmoid
    choice = network.layers[-1]
    softmax = getattr(choice, "activation", None) is keras.activations.softmax
    if isinstance(choice, keras.layers.Dense) and softmax:
        weights = [ops.convert_to_tensor(weight) for weight in choice.weights]
        to_logits = lambda found: ops.matmul(found, weights[0]) + (weights[1] if weights[1:] else 0)  # noqa: E731
        return choice.input, to_logits, ops.softmax
    if isinstance(choice, keras.layers.Softmax) or (isinstance(choice, keras.layers.Activation) and softmax):
        return choice.input, lambda found: found, ops.softmax
    # As good as logits, but for what is so unlikely that its probability is 0 in float32.
    return network.output, lambda found: ops.log(ops.maximum(found, 1e-30)), ops.softmax


def _log_odds(shares):
    from keras import ops

    return ops.log(ops.maximum(shares, 1e-30)) - ops.log(ops.maximum(1 - shares, 1e-7))


def _place(label: str, classifier: Classifier) -> int:
    """The place of a label: just that one, or else however its letters are written."""
    if label in classifier.classes:
        return classifier.classes.index(label)
    names = [name.casefold() for name in classifier.classes]
    if label.casefold() in names:
        return names.index(label.casefold())
    raise unknown("label", label, classifier.classes)
