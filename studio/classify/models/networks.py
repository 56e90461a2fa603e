"""From raw images to the answers of an imported network, all of its layers among those of the whole."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop
from studio.imported import image_input, preprocessing
from studio.imported.safe_copies import SafeCopy

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Whole:
    """A network from raw images to probabilities.

    Attributes:
        network: it.
        prepared: in it, the images as the imported network takes them.
        maps: the last activations in it that still have places; None where there are none.
    """

    network: keras.Model
    prepared: keras.KerasTensor
    maps: keras.KerasTensor | None


def assemble(copy: SafeCopy, size: tuple[int, int], chosen: str) -> Whole:
    """The network around an imported one that takes raw images of any size.

    Args:
        copy: of the imported network.
        size: `(height, width)` of the images that it takes.
        chosen: its preprocessing, one of `preprocessing.LABELS`.
    """
    import keras

    given = keras.saving.load_model(copy.path, compile=False)
    body = keras.Model(given.inputs[0], given.outputs[0])
    names = {"images", "prepared", "imported"}
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    prepared = keras.Model(images, _prepared(images, size, body.inputs[0], chosen), name="prepared")
    made: list[keras.KerasTensor] = []
    copies: dict[int, tuple[Any, Any]] = {}

    def copied(layer: Any) -> Any:
        if _inner(layer):
            return layer
        if id(layer) not in copies:
            settings = layer.get_config() | {"name": free(layer.name, names)}
            copies[id(layer)] = layer, layer.__class__.from_config(settings)
        return copies[id(layer)][1]

    def noted(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if inner := _inner(layer):
            return through(inner, args[0])
        if "training" in inspect.signature(layer.call).parameters:
            kwargs["training"] = False  # Keras' random layers turn images round unless they are told
        made.append(layer(*args, **kwargs))
        return made[-1]

    def through(network: keras.Model, tensor: Any) -> Any:
        keras.models.clone_model(network, input_tensors=tensor, call_function=noted, clone_function=copied)
        return made[-1]  # not the copy's own output, which Keras puts on inputs of its own

    entered = prepared(images)
    answer = _answer(through(body, entered), copy, names)
    network = keras.Model(images, answer, name="imported")
    network.trainable = False
    for layer, twin in copies.values():
        if getattr(layer, "weights", None):
            twin.set_weights(layer.get_weights())
        if isinstance(twin, keras.layers.Normalization):
            twin.finalize_state()  # it keeps something made of its weights
    places = [one for one in made if len(one.shape) == 4 and one.shape[1:3] != (1, 1)]
    return Whole(network, entered, places[-1] if places else None)


def _inner(layer: Any) -> keras.Model | None:
    """A layer that is a network itself, of one input and one output."""
    import keras

    if not hasattr(layer, "layers"):
        return None
    inputs, outputs = getattr(layer, "inputs", None), getattr(layer, "outputs", None)
    if not inputs or not outputs or not len(inputs) == len(outputs) == 1:
        return None
    return keras.Model(inputs[0], outputs[0])


def _prepared(images: Any, size: tuple[int, int], taken: Any, chosen: str) -> Any:
    """Images as the network takes them."""
    from keras import ops

    found = crop.resampled(images, *size)
    whole = str(taken.dtype) == "uint8"
    kernel, bias = preprocessing.mix("0-255" if whole else chosen, image_input.channels(taken.shape))
    found = ops.matmul(found, ops.array(kernel)) + ops.array(bias)
    found = ops.round(found) if whole else found
    if len(taken.shape) == 2:
        found = ops.reshape(found, (-1, taken.shape[1]))
    found = ops.squeeze(found, -1) if len(taken.shape) == 3 else found
    return ops.cast(found, taken.dtype)


def _answer(given: Any, copy: SafeCopy, names: set[str]) -> Any:
    """A row of shares for each image: of sum 1, unless each stands for itself."""
    import keras

    way = copy.facts.image_input.answers if copy.facts.image_input else "logits"
    if len(given.shape) > 2:
        given = keras.layers.Reshape((given.shape[-1],), name=free("row", names))(given)
    if way == "logits" or (way == "logit" and given.shape[-1] != 1):
        return keras.layers.Softmax(name=free("probabilities", names))(given)
    if way in ("share", "logit"):
        second = keras.ops.sigmoid(given) if way == "logit" else given
        return keras.layers.Concatenate(name=free("probabilities", names))([1.0 - second, second])
    return given


def free(name: str, taken: set[str]) -> str:
    """`name`, or the like that no layer has."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
