"""Joins cropping, preprocessing and an imported network into one network on raw images."""

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
class AssembledNetwork:
    """A network from raw images to probabilities.

    Attributes:
        network: the network.
        preprocessed_images: the preprocessed images within it.
        maps: the last spatial activations within it; None if there are none.
    """

    network: keras.Model
    preprocessed_images: keras.KerasTensor
    maps: keras.KerasTensor | None


def assemble(copy: SafeCopy, size: tuple[int, int], input_range: str) -> AssembledNetwork:
    """Returns a network that takes raw images of any size, around an imported one.

    Args:
        copy: the imported network's safe copy.
        size: `(height, width)` of its input images.
        input_range: its preprocessing, one of `preprocessing.LABELS`.
    """
    import keras

    model = keras.saving.load_model(copy.path, compile=False)
    body = keras.Model(model.inputs[0], model.outputs[0])
    names = {"images", "prepared", "imported"}
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    preprocess = keras.Model(images, _preprocess(images, size, body.inputs[0], input_range), name="prepared")
    outputs: list[keras.KerasTensor] = []
    copies: dict[int, tuple[Any, Any]] = {}

    def copy_layer(layer: Any) -> Any:
        if _as_submodel(layer):
            return layer
        if id(layer) not in copies:
            settings = layer.get_config() | {"name": unique_name(layer.name, names)}
            copies[id(layer)] = layer, layer.__class__.from_config(settings)
        return copies[id(layer)][1]

    def call_layer(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if submodel := _as_submodel(layer):
            return rebuild(submodel, args[0])
        if "training" in inspect.signature(layer.call).parameters:
            kwargs["training"] = False  # or Keras' random layers would augment images
        outputs.append(layer(*args, **kwargs))
        return outputs[-1]

    def rebuild(network: keras.Model, tensor: Any) -> Any:
        keras.models.clone_model(
            network, input_tensors=tensor, call_function=call_layer, clone_function=copy_layer
        )
        return outputs[-1]  # not the copy's own output, which Keras computes from new inputs

    preprocessed_images = preprocess(images)
    probabilities = _to_probabilities(rebuild(body, preprocessed_images), copy, names)
    network = keras.Model(images, probabilities, name="imported")
    network.trainable = False
    for layer, layer_copy in copies.values():
        if getattr(layer, "weights", None):
            layer_copy.set_weights(layer.get_weights())
        if isinstance(layer_copy, keras.layers.Normalization):
            layer_copy.finalize_state()  # it derives values from its weights
    spatial = [output for output in outputs if len(output.shape) == 4 and output.shape[1:3] != (1, 1)]
    return AssembledNetwork(network, preprocessed_images, spatial[-1] if spatial else None)


def _as_submodel(layer: Any) -> keras.Model | None:
    """Returns a layer as a network, if it is one with one input and one output."""
    import keras

    if not hasattr(layer, "layers"):
        return None
    inputs, outputs = getattr(layer, "inputs", None), getattr(layer, "outputs", None)
    if not inputs or not outputs or not len(inputs) == len(outputs) == 1:
        return None
    return keras.Model(inputs[0], outputs[0])


def _preprocess(images: Any, size: tuple[int, int], target: Any, input_range: str) -> Any:
    """Crops, resizes and preprocesses images within a network.

    Args:
        images: `(B, H, W, 3) uint8`.
        size: `(height, width)` in px after resizing.
        target: the input tensor that takes the result.
        input_range: one of `preprocessing.LABELS`; ignored for an input of integers.
    """
    from keras import ops

    pixels = crop.crop_and_resize_in_network(images, *size)
    is_uint8 = str(target.dtype) == "uint8"
    channels = image_input.count_channels(target.shape)
    kernel, bias = preprocessing.to_linear_map("0-255" if is_uint8 else input_range, channels)
    pixels = ops.matmul(pixels, ops.array(kernel)) + ops.array(bias)
    pixels = ops.round(pixels) if is_uint8 else pixels
    if len(target.shape) == 2:
        pixels = ops.reshape(pixels, (-1, target.shape[1]))
    pixels = ops.squeeze(pixels, -1) if len(target.shape) == 3 else pixels
    return ops.cast(pixels, target.dtype)


def _to_probabilities(output: Any, copy: SafeCopy, names: set[str]) -> Any:
    """Turns the output into probabilities `(B, k)`: rows sum to 1 unless classes are independent."""
    import keras

    kind = copy.facts.image_input.output_kind if copy.facts.image_input else "logits"
    if len(output.shape) > 2:
        output = keras.layers.Reshape((output.shape[-1],), name=unique_name("row", names))(output)
    if kind == "logits" or (kind == "logit" and output.shape[-1] != 1):
        return keras.layers.Softmax(name=unique_name("probabilities", names))(output)
    if kind in ("share", "logit"):
        second = keras.ops.sigmoid(output) if kind == "logit" else output
        return keras.layers.Concatenate(name=unique_name("probabilities", names))([1.0 - second, second])
    return output


def unique_name(name: str, names: set[str]) -> str:
    """Returns `name` with underscores appended until no layer has it, and adds it to `names`."""
    while name in names:
        name += "_"
    names.add(name)
    return name
