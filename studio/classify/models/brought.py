"""A picture classifier that a person brings as a `.keras` file, made elsewhere or exported here."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop, trained
from studio.classify.models.trained import Classifier
from studio.core.brought import models
from studio.core.brought.models import check, is_one
from studio.core.errors import invalid, printable
from studio.core.tasks import File

if TYPE_CHECKING:
    import keras

__all__ = ["Known", "check", "is_one", "known", "open"]

_BRIGHT = (0.299, 0.587, 0.114)  # how bright each colour seems, for networks that take grey pictures
_BATCHES = (1,)  # what it was tried with where it may fail; more at once takes more memory


@dataclass(frozen=True)
class Known:
    """What is known of a brought classifier without loading it.

    Attributes:
        name: of its file.
        classes: what it tells apart.
        size: `(height, width)` in px of the pictures that it is given.
        parameters: how many numbers it has learnt.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    parameters: int


def known(file: File) -> Known:
    """What a kept file is. The first time, this takes as long as loading Keras takes, and a little more.

    Raises:
        InvalidInput: if it cannot be taken, or is no picture classifier.
    """
    return _known(file, models.admit(file).facts)


def open(file: File) -> Classifier:
    """The classifier of a kept file, from its safe copy; held for the next time. Raises as `known`."""
    found = models.admit(file)
    here = _known(file, found.facts)

    def made() -> Classifier:
        network, maps = _network(found, here.size)
        return Classifier(here.name, file.digest, here.classes, here.size, network, maps, _BATCHES)

    return trained.held(here.name, file.digest, made)


def _known(file: File, facts: models.Facts) -> Known:
    count = facts.outputs[0][-1] if facts.outputs and facts.outputs[0] else None
    if facts.sees is None or count is None or count < 2:
        raise invalid(
            f"model {printable(file.name, 60)}",
            expected="a picture classifier: one input (height, width, 3 or 1), one output of 2 or more",
            received=f"inputs {_shapes(facts.inputs)}, outputs {_shapes(facts.outputs)}",
            next_step="choose another model",
        )
    named = facts.labels if len(facts.labels) == count else tuple(f"class {n + 1}" for n in range(count))
    name = PurePath(file.name).stem or "model"
    return Known(name, named, (facts.sees.height, facts.sees.width), facts.parameters)


def _shapes(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    told = (", ".join("any" if size is None else str(size) for size in shape[1:]) for shape in shapes)
    return " and ".join(f"({one})" for one in told)


def _network(found: models.Brought, size: tuple[int, int]) -> tuple[keras.Model, keras.KerasTensor | None]:
    """From raw pictures to probabilities, its own layers among those of the whole; and its last maps."""
    import keras

    given = keras.saving.load_model(found.path, compile=False)
    body = keras.Model(given.inputs[0], given.outputs[0])
    names = {layer.name for layer in body.layers}
    pictures = keras.Input((None, None, 3), dtype="uint8", name=_free("pictures", names))
    prepared = keras.Model(pictures, _prepared(pictures, size, body.inputs[0]), name=_free("prepared", names))
    made: list[keras.KerasTensor] = []

    def noted(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if "training" in inspect.signature(layer.call).parameters:
            kwargs["training"] = False  # Keras' random layers turn pictures round unless they are told
        made.append(layer(*args, **kwargs))
        return made[-1]

    copy = keras.models.clone_model(body, input_tensors=prepared(pictures), call_function=noted)
    copy.set_weights(body.get_weights())
    _settle(copy)
    answer = made[-1]  # not the copy's own output, which Keras puts on inputs of its own
    sees = found.facts.sees
    if sees is None or not sees.probabilities:
        answer = keras.layers.Softmax(name=_free("probabilities", names))(answer)
    network = keras.Model(pictures, answer, name=_free("brought", names))
    network.trainable = False
    places = [one for one in made if len(one.shape) == 4 and one.shape[1:3] != (1, 1)]
    return network, places[-1] if places else None


def _prepared(pictures: Any, size: tuple[int, int], taken: Any) -> Any:
    """Levels from 0 to 255 as the network takes them: what else it needs, it has inside."""
    from keras import ops

    levels = crop.resampled(pictures, *size)
    if taken.shape[3] == 1:
        levels = ops.sum(levels * ops.array(_BRIGHT, "float32"), axis=-1, keepdims=True)
    kind = str(taken.dtype)
    return ops.cast(ops.round(levels) if kind == "uint8" else levels, kind)


def _settle(network: keras.Model) -> None:
    """Layers that keep something made of their weights make it anew."""
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
        elif hasattr(layer, "layers"):
            _settle(layer)


def _free(name: str, taken: set[str]) -> str:
    """`name`, or the like that no layer has."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
