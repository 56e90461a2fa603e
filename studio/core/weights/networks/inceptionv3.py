"""InceptionV3 in the training that FID is measured with, for images of 75 px and more (arXiv:1512.00567).

Not Keras' own training: distances between features are comparable with published ones only in this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core.untrusted import checkpoints
from studio.core.weights.networks.spec import Preprocessing, Spec

if TYPE_CHECKING:
    import keras
    import numpy as np

_STEM = {
    "stem_relu1": (32, 2),
    "stem_relu2": (32, 2),
    "stem_relu3": (64, 2),
    "stem_pool1": (64, 4),
    "stem_relu4": (80, 4),
    "stem_relu5": (192, 4),
    "stem_pool2": (192, 8),
}
_MIXED = ((256, 8), *[(288, 8)] * 2, *[(768, 16)] * 5, (1280, 32), *[(2048, 32)] * 2)
_PARTS = ("weight", "beta", "mean", "var")
_LAST_MEAN = "mean9"


def _spec() -> Spec:
    named = _STEM | {f"mixed{i}": sizes for i, sizes in enumerate(_MIXED)}
    return Spec(
        "inceptionv3",
        "InceptionV3",
        Preprocessing(mean=(128.0, 128.0, 128.0), divide=128.0),
        layers={name: channels for name, (channels, _) in named.items()},
        strides={name: stride for name, (_, stride) in named.items()},
        least=75,
    )


SPEC = _spec()


def network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """InceptionV3 without its classifier: `(B, H, W, 3)` as the spec prepares them to `(B, h, w, 2048)`.

    Departs from Keras' own in its last block, which takes maxima where the others take means: so it was
    trained. Keras numbers layers as they are made in a process; here they are named by their place.

    Args:
        members: `{"default_1.pt": bytes}` fills it; None leaves it unfilled.
    """
    import keras

    made = keras.applications.InceptionV3(include_top=False, weights=None)
    names = _names(made)

    def placed(layer: keras.Layer) -> keras.Layer:
        name = names.get(layer.name, layer.name)
        if name == _LAST_MEAN:
            return keras.layers.MaxPooling2D(3, 1, "same", name=name)
        return type(layer).from_config({**layer.get_config(), "name": name})

    images = keras.Input((None, None, 3), name="images")
    model = keras.models.clone_model(made, images, clone_function=placed)
    if members is not None:
        _fill(model, checkpoints.torch_jit(members["default_1.pt"]))
    return model


def _names(made: keras.Model) -> dict[str, str]:
    """Names for the layers that Keras only numbered, by the order in which they were made."""
    kinds = {"Conv2D": "conv", "BatchNormalization": "norm", "Activation": "relu", "Concatenate": "both"}
    kinds |= {"MaxPooling2D": "pool", "AveragePooling2D": "mean"}
    names = {}
    for kind, short in kinds.items():
        layers = [
            layer for layer in made.layers if type(layer).__name__ == kind and "mixed" not in layer.name
        ]
        for number, layer in enumerate(sorted(layers, key=_number), start=1):
            stem = f"stem_{short}{number}"
            names[layer.name] = stem if stem in _STEM else f"{short}{number}"
    return names


def _number(layer: keras.Layer) -> int:
    """`conv2d_12` -> 12; the first of its kind in a process has none."""
    number = layer.name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def _fill(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Fills the convolutions and normalizations in the order in which they were made, there as here."""
    places = dict.fromkeys(path.rpartition(".")[0] for path in arrays)
    for number, place in enumerate(places, start=1):
        kernel, *norm = (arrays[f"{place}.{part}"] for part in _PARTS)
        model.get_layer(f"conv{number}").set_weights([kernel.transpose(2, 3, 1, 0)])
        model.get_layer(f"norm{number}").set_weights(norm)
