"""A short program for each export format that classifies an image and runs as it is."""

from __future__ import annotations

import json
import pprint
from collections.abc import Sequence
from pathlib import Path

# Read images as `studio.core.imaging.image_io.read` does: otherwise many photos would get other predictions.
_START = '''"""Classifies an image: python THIS_FILE MODEL IMAGE (first: pip install {needs})."""

import io
import sys
from contextlib import suppress

import numpy as np
{imports}
from PIL import Image, ImageCms, ImageOps

CLASSES = {classes}


def read(file):
    """An image upright, as sRGB, with transparency over white: (1, height, width, 3), of any size."""
    image = ImageOps.exif_transpose(Image.open(file))
    profile = image.info.get("icc_profile")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if image.mode.startswith("I;16"):  # convert would clip
        image = Image.fromarray((np.asarray(image) / 257 + 0.5).astype("uint8"))
    elif image.mode in ("1", "LA"):
        image = image.convert("L")
    elif image.mode in ("P", "PA", "RGBA"):
        image = image.convert("RGBA").convert("RGB")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            profiles = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    if alpha:
        image = Image.composite(image.convert("RGB"), Image.new("RGB", image.size, "white"), alpha)
    return np.asarray(image.convert("RGB"))[None]


model_file, image_file = sys.argv[1:3]
image = read(image_file)
'''
_REJECTION = """if probabilities.max() < {threshold}:
    print("none of these")
"""
_LABELS = """labels = [CLASSES[n] for n in np.argsort(-probabilities) if probabilities[n] >= {threshold}]
print("labels:", ", ".join(labels) or "none of these")
"""
_END = """for n in np.argsort(-probabilities)[:5]:
    print(f"{CLASSES[n]}: {probabilities[n]:.1%}")
"""
_KERAS = """model = keras.saving.load_model(model_file)
probabilities = np.asarray(model(image))[0]
"""
_OPEN_TFLITE = """model = tf.lite.Interpreter(model_file)  # or ai_edge_litert.interpreter.Interpreter
input_index, output_index = model.get_input_details()[0]["index"], model.get_output_details()[0]["index"]
"""
# With int8, the model takes images of one size.
_FIT_TFLITE = """_, height, width, _ = model.get_input_details()[0]["shape"]
fitted = ImageOps.fit(Image.fromarray(image[0]), (width, height), Image.Resampling.LANCZOS)
image = np.asarray(fitted)[None]
"""
_RUN_TFLITE = """model.resize_tensor_input(input_index, image.shape)
model.allocate_tensors()
model.set_tensor(input_index, image)
model.invoke()
probabilities = model.get_tensor(output_index)[0]
"""
_ONNX = """model = onnxruntime.InferenceSession(model_file)
probabilities = model.run(None, {model.get_inputs()[0].name: image})[0][0]
"""
_TEACHABLE = """with zipfile.ZipFile(model_file) as packed, tempfile.TemporaryDirectory() as folder:
    model = keras.saving.load_model(packed.extract("keras_model.h5", folder), compile=False)
_, height, width, _ = model.input_shape
fitted = ImageOps.fit(Image.fromarray(image[0]), (width, height), Image.Resampling.LANCZOS)
probabilities = np.asarray(model(np.asarray(fitted)[None].astype("float32") / 127.5 - 1))[0]
"""
_WEB_NOTE = (
    "An image whose highest probability is below it is none of these classes. 0: there is no threshold."
)
_WEB_MULTI_LABEL_NOTE = (
    "An image has each class whose probability is at least this. 0: there is no threshold."
)
_PARTS = {
    "keras": ("keras tensorflow pillow", "import keras", _KERAS),
    "tflite": ("tensorflow pillow", "import tensorflow as tf", _OPEN_TFLITE + _RUN_TFLITE),
    "int8": ("tensorflow pillow", "import tensorflow as tf", _OPEN_TFLITE + _FIT_TFLITE + _RUN_TFLITE),
    "onnx": ("onnxruntime pillow", "import onnxruntime", _ONNX),
    "teachable": ("keras tensorflow pillow", "import tempfile\nimport zipfile\n\nimport keras", _TEACHABLE),
}


def write_program(
    form: str, classes: Sequence[str], threshold: float = 0.0, independent: bool = False
) -> str:
    """Returns a program that classifies an image with an export: JavaScript for "tfjs", else Python.

    Args:
        form: format of the file; "int8" for a TFLite file of that precision.
        classes: class names, in order.
        threshold: an image whose highest probability is below it is none of the classes; 0 for no threshold.
        independent: whether an image has each class that reaches the threshold.
    """
    if form == "tfjs":
        script = Path(__file__).with_name("snippet.js").read_text(encoding="utf-8")
        values = {  # names last, because they could contain the others
            "THRESHOLD = 0": f"THRESHOLD = {threshold:g}",
            "THRESHOLD_NOTE": _WEB_MULTI_LABEL_NOTE if independent else _WEB_NOTE,
            "CLASSES = []": f"CLASSES = {json.dumps(list(classes), ensure_ascii=False)}",
        }
        for default, value in values.items():
            script = script.replace(default, value, 1)
        return script
    needs, imports, prediction = _PARTS[form]
    names = pprint.pformat(list(classes), width=100, compact=True)
    verdict = _LABELS if independent else _REJECTION
    end = verdict.format(threshold=f"{threshold:g}") + _END if threshold else _END
    return _START.format(needs=needs, imports=imports, classes=names) + prediction + end


def file_extension(form: str) -> str:
    """Returns the file extension of `write_program`'s program, without the dot."""
    return "js" if form == "tfjs" else "py"
