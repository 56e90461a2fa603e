"""The task `classify.summarize`: the layers of a classifier, by stage and as Keras' `model.summary()`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from studio.classify.models import available, trained
from studio.classify.models.classifier import Classifier
from studio.classify.settings import SummarizeSettings
from studio.core import recipes
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result

if TYPE_CHECKING:
    import keras

_LINE_LENGTH = 110  # characters
_MULTI_LABEL_NOTE = "Multi-label: each class has its own sigmoid, so an image can have any number of labels."


def run(settings: SummarizeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Describes the layers of a classifier after cropping, resizing and preprocessing."""
    began = time.monotonic()
    classifier = available.load_classifier(settings, inputs, progress)
    network = _name_parts(classifier.body) if classifier.body else classifier.network
    preset = available.find_trained_preset(settings, inputs)
    # A classifier trained on another one stores the whole network, of which only the head was trained.
    cut = "" if preset is None else trained.settings_of(preset).cut
    with _mark_trained_layers(classifier, network, cut) as is_known:
        text = format_summary(network, show_trainable=is_known)
    figures: dict[str, Any] = {
        "stages": list_stages(network),
        "layers": len(network.layers),
        "parameters": network.count_params(),
        "seconds": time.monotonic() - began,
        "notes": [
            *([_MULTI_LABEL_NOTE] if classifier.independent else []),
            *available.list_imported_model_notes(settings, inputs),
        ],
    }
    recipe = recipes.make("classify.summarize", settings, inputs, available.list_weights(classifier, inputs))
    return Result((File.store(text.encode(), "text", f"{classifier.name}-summary.txt"),), figures, recipe)


def _name_parts(body: keras.Model) -> keras.Model:
    """Names a new body and its input, which Keras numbers, so that each summary is the same."""
    body.name, body.layers[0].name = "classifier", "preprocessed_images"
    return body


@contextmanager
def _mark_trained_layers(classifier: Classifier, network: keras.Model, cut: str) -> Iterator[bool]:
    """Makes the layers trainable that the studio trained, and yields whether it knows them.

    Args:
        classifier: restored at the end, because it is cached.
        network: part of it.
        cut: the last layer that was not trained; "" if unknown.
    """
    import keras

    if cut not in {layer.name for layer in network.layers}:
        yield False
        return
    trained_names = {layer.name for layer in trained.build_trainable_part(classifier.network, cut).layers}
    before = {layer.name: layer.trainable for layer in network.layers}
    was_trainable = classifier.network.trainable
    try:
        network.trainable = True
        for layer in network.layers:
            is_frozen = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = layer.name in trained_names and not is_frozen
        yield True
    finally:
        classifier.network.trainable = was_trainable
        for layer in network.layers:
            layer.trainable = before[layer.name]


def format_summary(network: keras.Model, show_trainable: bool) -> str:
    """Returns the text of `model.summary()`."""
    lines: list[str] = []
    network.summary(
        line_length=_LINE_LENGTH,
        print_fn=lambda text, **_: lines.append(text),
        show_trainable=show_trainable,
        expand_nested=True,
    )
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def list_stages(network: keras.Model) -> list[dict[str, Any]]:
    """Groups the layers by the size of their feature maps, from input to output.

    Returns:
        For each stage `name` (its last layer's), `layers`, `height`, `width`, `channels` (of its last layer)
        and `parameters`. A vector has a height and width of 1. Layers of unknown size join the stage before,
        and a stage without parameters, such as padding, joins the next one.
    """
    stages: list[dict[str, Any]] = []
    for layer in network.layers:
        shape = tuple(getattr(layer.output, "shape", ()))[1:]
        size = (shape[0], shape[1]) if len(shape) == 3 else (1, 1)
        is_known = bool(shape) and None not in (*size, shape[-1])
        is_other_size = not stages or (stages[-1]["height"], stages[-1]["width"]) != size
        if is_known and is_other_size and (len(stages) < 2 or stages[-1]["parameters"]):
            stages.append({"layers": 0, "parameters": 0})
        if is_known:
            stages[-1] |= {"name": layer.name, "channels": shape[-1], "height": size[0], "width": size[1]}
        if stages:
            stages[-1]["layers"] += 1
            stages[-1]["parameters"] += layer.count_params()
    return stages
