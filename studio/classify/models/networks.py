"""From raw pictures to the answers of a brought network, all of its layers among those of the whole."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from studio.classify.models import crop
from studio.core.brought import models
from studio.core.brought.rebuilding import answers

if TYPE_CHECKING:
    import keras

_BRIGHT = (0.299, 0.587, 0.114)  # how bright each colour seems, for networks that take grey pictures
# Levels from 0 to 255 -> (turned from RGB to BGR, multiplied by, moved by), as each way of training had them.
_SCALES: dict[str, tuple[bool, Any, Any]] = {
    "0-255": (False, 1.0, 0.0),
    "0-1": (False, 1 / 255, 0.0),
    "-1-1": (False, 1 / 127.5, -1.0),
    "imagenet-caffe": (True, 1.0, (-103.939, -116.779, -123.68)),
    "imagenet-torch": (
        False,
        tuple(1 / (255 * spread) for spread in (0.229, 0.224, 0.225)),
        tuple(-mean / spread for mean, spread in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))),
    ),
}


def assemble(
    found: models.Brought, size: tuple[int, int], levels: str
) -> tuple[keras.Model, keras.KerasTensor | None]:
    """A network from raw pictures to probabilities, and the last activations in it that still have places.

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
            settings = layer.get_config() | {"name": _free(layer.name, names)}
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

    answer = _answer(through(body, prepared(pictures)), found, names)
    network = keras.Model(pictures, answer, name="brought")
    network.trainable = False
    for layer, copy in copies.values():
        if getattr(layer, "weights", None):
            copy.set_weights(layer.get_weights())
        if isinstance(copy, keras.layers.Normalization):
            copy.finalize_state()  # it keeps something made of its weights
    places = [one for one in made if len(one.shape) == 4 and one.shape[1:3] != (1, 1)]
    return network, places[-1] if places else None


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
    turned, scale, offset = _SCALES[levels]
    if len(taken.shape) == 3 or (answers.rolled(taken.shape) or taken.shape)[-1] == 1:
        found = ops.sum(found * ops.array(_BRIGHT, "float32"), axis=-1, keepdims=True)
        turned, scale, offset = _SCALES[levels if isinstance(scale, float) and not turned else "0-255"]
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
        given = keras.layers.Reshape((given.shape[-1],), name=_free("row", names))(given)
    if way == "logits" or (way == "logit" and given.shape[-1] != 1):
        return keras.layers.Softmax(name=_free("probabilities", names))(given)
    if way in ("share", "logit"):
        second = keras.ops.sigmoid(given) if way == "logit" else given
        return keras.layers.Concatenate(name=_free("probabilities", names))([1.0 - second, second])
    return given


def _free(name: str, taken: set[str]) -> str:
    """`name`, or the like that no layer has."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
