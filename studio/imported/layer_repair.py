"""Converts the settings of one layer from Keras 1 to 3 to current Keras 3.

Settings that only training needs are dropped, because nothing is trained here. Unknown ones stay, so that
`config_check` finds them.
"""

from __future__ import annotations

import re
from typing import Any

from studio.core.untrusted.refusals import Refused

Part = dict[str, Any]

IDENTITY = "Identity"
# Layers without effect in inference; their settings differ between Keras versions.
_ONLY_IN_TRAINING = frozenset(
    """
    ActivityRegularization AlphaDropout AugMix AutoContrast CutMix Dropout Equalization FixedDropout
    GaussianDropout GaussianNoise MixUp RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur
    RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom
    Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StochasticDepth
    """.split()  # noqa: SIM905
)
_CLASSES = {
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
}
_KEYS = {
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "nb_filter": "filters",
    "subsample": "strides",
}
_LAYER_KEYS = {"Dense": {"output_dim": "units"}, "LeakyReLU": {"alpha": "negative_slope"}}
_DROPPED_SUFFIXES = ("_initializer", "_regularizer", "_constraint")
_DROPPED = frozenset(
    """
    W_constraint W_learning_rate W_regularizer activity_regularizer b_constraint b_learning_rate
    b_regularizer batch_input_shape beta_init build_config fused gamma_init implementation init input_dim
    input_dtype
    input_shape mode optional quantization_config ragged renorm renorm_clipping renorm_momentum rng_type
    sparse synchronized virtual_batch_size weights
    """.split()  # noqa: SIM905
)
_ZERO_INITIALIZED = {
    "Conv1D": ("kernel",),
    "Conv2D": ("kernel",),
    "Conv2DTranspose": ("kernel",),
    "Dense": ("kernel",),
    "DepthwiseConv2D": ("depthwise",),
    "SeparableConv2D": ("depthwise", "pointwise"),
}
_ZEROS: Part = {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None}
_FORMATS = {"channelsFirst": "channels_first", "channelsLast": "channels_last"}
_FORMATS |= {"th": "channels_first", "tf": "channels_last"}
_ACTIVATIONS = {"softmax_v2": "softmax", "relu_v2": "relu", "Swish": "swish"}
_OTHER_MODULES = {"LayerScale": "keras.src.applications.convnext"}
_DTYPES = re.compile(r"(mixed_)?b?float\d\d|u?int\d+|bool")
_KERAS_MODULES = ("keras.layers", "tf_keras.", "keras.engine", "keras.src.engine", "tensorflow.")


def repair(part: Part) -> Part:
    """Converts a layer: its class, module and settings. Returns other parts unchanged."""
    name, config = part.get("class_name"), part.get("config")
    if not isinstance(name, str) or not isinstance(config, dict) or not is_keras_part(part):
        return part
    name = name.removeprefix("Custom>").removeprefix("Keras>").removeprefix("TensorFlow>")
    name = _CLASSES.get(name, name)
    if name in _ONLY_IN_TRAINING:
        return keras_layer(IDENTITY, {"name": plain_name(config.get("name", name))})
    if name == "InputLayer":
        return keras_layer(name, _repair_input(config))
    return keras_layer(name, _repair_settings(name, config))


def keras_layer(name: str, config: Part) -> Part:
    """Returns a layer in Keras 3's format."""
    module = _OTHER_MODULES.get(name, "keras.layers")
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def is_keras_part(part: Part) -> bool:
    """Tells whether a part is Keras' own, or comes from a version that did not record it."""
    module, registered_name, name = part.get("module"), part.get("registered_name"), part.get("class_name")
    if module is None:
        return registered_name in (None, name)
    if not isinstance(module, str) or not module.startswith(_KERAS_MODULES):
        return False
    return registered_name in (None, name) if module == "keras.layers" else True


def plain_name(name: Any) -> Any:
    """Replaces slashes in a layer's name, which Keras 3 does not allow: `conv1/bn` -> `conv1_bn`."""
    is_plain = (
        isinstance(name, str) and not name.startswith("/") and not name.endswith("/") and ".." not in name
    )
    return name.replace("/", "_") if is_plain else name


def with_any_batch_size(shape: Any) -> Any:
    """Returns a shape with an unknown batch size; other values unchanged."""
    return [None, *shape[1:]] if isinstance(shape, list) and shape else shape


def _repair_input(config: Part) -> Part:
    """Converts the settings of an input layer."""
    shape = next((config[key] for key in ("batch_shape", "batch_input_shape") if config.get(key)), None)
    if shape is None and isinstance(config.get("shape"), list):
        shape = [None, *config["shape"]]
    dtype = config.get("dtype")
    if isinstance(dtype, dict) or dtype in (None, "float16", "float64", "bfloat16"):
        dtype = "float32"
    return {
        "batch_shape": with_any_batch_size(shape),
        "dtype": dtype,
        "name": plain_name(config.get("name", "input")),
    }


def _repair_settings(name: str, config: Part) -> Part:
    """Converts the settings of a layer of class `name`."""
    settings: Part = {}
    new_names = _KEYS | _LAYER_KEYS.get(name, {})
    if "nb_row" in config and "nb_col" in config:
        settings["kernel_size"] = [config["nb_row"], config["nb_col"]]
    elif "filter_length" in config:
        settings["kernel_size"] = config["filter_length"]
    for old, value in config.items():
        key = new_names.get(old, old)
        if _is_dropped(name, key, value) or old in ("nb_row", "nb_col", "filter_length"):
            continue
        settings[key] = plain_name(value) if key == "name" else _repair_value(key, value)
    if settings.get("data_format") in (None, "default"):
        settings.pop("data_format", None)
    if name == "BatchNormalization" and isinstance(settings.get("axis"), list) and len(settings["axis"]) == 1:
        settings["axis"] = settings["axis"][0]
    return settings | {f"{weight}_initializer": _ZEROS for weight in _ZERO_INITIALIZED.get(name, ())}


def _is_dropped(name: str, key: str, value: Any) -> bool:
    """Tells whether a setting has no effect here. Raises `Refused` if code is hidden in it."""
    if key == "groups" and name == "DepthwiseConv2D":
        return True
    if key == "padding_mode" and value in (None, "zeros"):
        return True
    if key == "dtype":  # all layers compute in float32; other values are refused later
        return not isinstance(value, str) or bool(_DTYPES.fullmatch(value))
    if key.endswith(_DROPPED_SUFFIXES) or key in _DROPPED:
        check_dropped(value)
        return True
    return False


def _repair_value(key: str, value: Any) -> Any:
    if key == "data_format":
        return _FORMATS.get(value, value) if isinstance(value, str) else value
    if key.endswith("activation") or key == "layer":
        return _repair_activation(value)
    return value


def _repair_activation(value: Any) -> Any:
    """Converts an activation: a name, or a layer in place of one."""
    if isinstance(value, str):
        return _ACTIVATIONS.get(value, value)
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "function" and value.get("module") in (
        None,
        "builtins",
        "keras.activations",
    ):
        return _repair_activation(value.get("config"))
    return repair(value)


def check_dropped(value: Any) -> None:
    """Raises `Refused` if code is hidden in dropped settings, because such a file is malicious."""
    if isinstance(value, list):
        for child in value:
            check_dropped(child)
    elif isinstance(value, dict):
        if value.get("class_name") in ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper"):
            raise Refused("code in its configuration, which is not supported")
        for child in value.values():
            check_dropped(child)
