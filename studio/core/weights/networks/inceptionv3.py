"""InceptionV3 with the weights that FID is defined by, for images of at least 75 px (arXiv:1512.00567).

Keras' own weights differ; only with these are FID and KID comparable with published values.
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
_MIXED_BLOCKS = ((256, 8), *[(288, 8)] * 2, *[(768, 16)] * 5, (1280, 32), *[(2048, 32)] * 2)
_TENSOR_NAMES = ("weight", "beta", "mean", "var")
_LAST_MEAN = "mean9"


def _build_spec() -> Spec:
    sizes_by_layer = _STEM | {f"mixed{i}": sizes for i, sizes in enumerate(_MIXED_BLOCKS)}
    return Spec(
        "inceptionv3",
        "InceptionV3",
        Preprocessing(mean=(128.0, 128.0, 128.0), divide=128.0),
        layers={name: channels for name, (channels, _) in sizes_by_layer.items()},
        strides={name: stride for name, (_, stride) in sizes_by_layer.items()},
        min_side=75,
    )


SPEC = _build_spec()


def build_network(members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds InceptionV3 without its classifier: preprocessed `(B, H, W, 3)` to `(B, h, w, 2048)`.

    Unlike Keras' own, the last block uses max pooling where the others use average pooling, because these
    weights were trained that way. Layers are named by position; Keras numbers them per process.

    Args:
        members: `{"default_1.pt": bytes}` with the weights; None builds it without.
    """
    import keras

    base = keras.applications.InceptionV3(include_top=False, weights=None)
    names = _name_layers(base)

    def clone_layer(layer: keras.Layer) -> keras.Layer:
        name = names.get(layer.name, layer.name)
        if name == _LAST_MEAN:
            return keras.layers.MaxPooling2D(3, 1, "same", name=name)
        return type(layer).from_config({**layer.get_config(), "name": name})

    images = keras.Input((None, None, 3), name="images")
    model = keras.models.clone_model(base, images, clone_function=clone_layer)
    if members is not None:
        _set_weights(model, checkpoints.read_torch_jit(members["default_1.pt"]))
    return model


def _name_layers(base: keras.Model) -> dict[str, str]:
    """Returns names for the layers that Keras only numbered, by their order."""
    short_names = {
        "Conv2D": "conv",
        "BatchNormalization": "norm",
        "Activation": "relu",
        "Concatenate": "both",
    }
    short_names |= {"MaxPooling2D": "pool", "AveragePooling2D": "mean"}
    names = {}
    for kind, short_name in short_names.items():
        layers = [
            layer for layer in base.layers if type(layer).__name__ == kind and "mixed" not in layer.name
        ]
        for number, layer in enumerate(sorted(layers, key=_parse_layer_number), start=1):
            stem = f"stem_{short_name}{number}"
            names[layer.name] = stem if stem in _STEM else f"{short_name}{number}"
    return names


def _parse_layer_number(layer: keras.Layer) -> int:
    """Returns the number in a layer's name: `conv2d_12` -> 12; the first one of a process has none."""
    number = layer.name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0


def _set_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets the weights of convolutions and normalizations, which have the same order in both models."""
    prefixes = dict.fromkeys(path.rpartition(".")[0] for path in arrays)
    for number, prefix in enumerate(prefixes, start=1):
        kernel, *norm = (arrays[f"{prefix}.{part}"] for part in _TENSOR_NAMES)
        model.get_layer(f"conv{number}").set_weights([kernel.transpose(2, 3, 1, 0)])
        model.get_layer(f"norm{number}").set_weights(norm)
