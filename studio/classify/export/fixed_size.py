"""A classifier for images of one size, with plain layers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.classify.models import trained
from studio.classify.models.classifier import Classifier
from studio.core.errors import StudioError
from studio.core.models.presets import Preset

if TYPE_CHECKING:
    import keras


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the network that pages of classifiers run: `(1, H, W, 3)`, 0 to 255, to probabilities.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
        StudioError: if it has parts that are not layers.
    """
    classifier = trained.load(preset)
    body = classifier.body
    if body is None:
        raise StudioError("The model has parts that are not layers, so it has no page. Train on another one.")
    return {"network": build(classifier, body, scale=1.0, offset=0.0, batch=1)}


def build(
    classifier: Classifier, body: keras.Model, scale: float, offset: float, batch: int | None = None
) -> keras.Model:
    """Returns a network from images of the classifier's size to probabilities.

    Args:
        classifier: its weights are copied.
        body: `classifier.body`.
        scale, offset: `scale * images + offset` are RGB from 0 to 255.
        batch: the only batch size; None allows any.
    """
    import keras

    shape = body.inputs[0].shape
    kernel, bias = classifier.preprocessing_map()
    images = keras.Input((*classifier.size, 3), batch_size=batch, name="images")
    preprocessing = keras.layers.Conv2D(kernel.shape[1], 1, name="preprocessing")
    tensor = preprocessing(images)
    if len(shape) < 4:
        tensor = keras.layers.Reshape([size or 0 for size in shape[1:]], name="row")(tensor)
    copy = keras.models.clone_model(body, input_tensors=tensor)
    # Not the copy's own output, which Keras computes from new inputs.
    model = keras.Model(images, copy.get_layer(body.output_names[0]).output, name="classifier")
    # To [0, 255], and on to what the network takes.
    preprocessing.set_weights([scale * kernel[None, None], bias + offset * kernel.sum(axis=0)])
    for layer in body.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    return model
