"""From raw pictures to the answers of a brought network, all of its layers among those of the whole."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop, scales
from studio.core.brought import models
from studio.core.brought.rebuilding import answers

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Whole:
    """A network from raw pictures to probabilities.

    Attributes:
        network: it.
        prepared: in it, the pictures as the brought network takes them.
        maps: the last activations in it that still have places; None where there are none.
    """

    network: keras.Model
    prepared: keras.KerasTensor
    maps: keras.KerasTensor | None


def assemble(found: models.Brought, size: tuple[int, int], levels: str) -> Whole:
    """The network around a brought one that takes raw pictures of any size.

    Args:
        found: the safe copy.
        size: `(height, width)` of the pictures that it takes.
        levels: what it takes for levels.
    """
    import keras

    given = keras.saving.load_model(found.path, compile=False)
    body = keras.Model(given.inputs[0], given.outputs[0])
    names = {"pictures", "prepared", "brought"}
    pictures = keras.Input((None, None, 3), dtype="uint8", name="pictures")
    prepared = keras.Model(pictures, _prepared(pictures, size, body.inputs[0], levels), name="prepared")
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
            kwargs["training"] = False  # Keras' random layers turn pictures round unless they are told
        made.append(layer(*args, **kwargs))
        return made[-1]

    def through(network: keras.Model, tensor: Any) -> Any:
        keras.models.clone_model(network, input_tensors=tensor, call_function=noted, clone_function=copied)
        return made[-1]  # not the copy's own output, which Keras puts on inputs of its own

    entered = prepared(pictures)
    answer = _answer(through(body, entered), found, names)
    network = keras.Model(pictures, answer, name="brought")
    network.trainable = False
    for layer, copy in copies.values():
        if getattr(layer, "weights", None):
            copy.set_weights(layer.get_weights())
        if isinstance(copy, keras.layers.Normalization):
            copy.finalize_state()  # it keeps something made of its weights
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


def _prepared(pictures: Any, size: tuple[int, int], taken: Any, levels: str) -> Any:
    """Pictures as the network takes them."""
    from keras import ops

    found = crop.resampled(pictures, *size)
    turned, scale, offset = scales.SCALES[levels]
    if len(taken.shape) == 3 or (answers.rolled(taken.shape) or taken.shape)[-1] == 1:
        found = ops.sum(found * ops.array(scales.BRIGHT, "float32"), axis=-1, keepdims=True)
        turned, scale, offset = scales.SCALES[scales.of_grey(levels)]
    if str(taken.dtype) == "uint8":
        found = ops.round(found)
    elif levels != "0-255":
        found = ops.flip(found, -1) if turned else found
        found = found * ops.array(scale, "float32") + ops.array(offset, "float32")
    if len(taken.shape) == 2:
        found = ops.reshape(found, (-1, taken.shape[1]))
    found = ops.squeeze(found, -1) if len(taken.shape) == 3 else found
    return ops.cast(found, taken.dtype)


def _answer(given: Any, found: models.Brought, names: set[str]) -> Any:
    """A row of shares for each picture: of sum 1, unless each stands for itself."""
    import keras

    way = found.facts.sees.answers if found.facts.sees else "logits"
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
