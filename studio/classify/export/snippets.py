"""A short program for each kind of export, which says what a picture shows; it runs as it stands."""

from __future__ import annotations

import pprint
from collections.abc import Sequence

# It reads a picture as `studio.core.pictures.images.read` does; else it would say otherwise of many photos.
_START = '''"""Says what a picture shows: python THIS_FILE MODEL PICTURE (first: pip install {needs})."""

import io
import sys
from contextlib import suppress

import numpy as np
{imports}
from PIL import Image, ImageCms, ImageOps

CLASSES = {classes}


def read(file):
    """A picture upright, as sRGB, with transparency over white: (1, height, width, 3), of any size."""
    picture = ImageOps.exif_transpose(Image.open(file))
    profile = picture.info.get("icc_profile")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    elif picture.mode.startswith(("I", "F")):  # 16 bits, which convert would clip
        picture = Image.fromarray(np.clip(np.asarray(picture) / 257 + 0.5, 0, 255).astype("uint8"))
    elif picture.mode in ("P", "1"):
        picture = picture.convert("RGB")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            profiles = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, *profiles, outputMode="RGB")
    return np.asarray(picture.convert("RGB"))[None]


model_file, picture_file = sys.argv[1:3]
picture = read(picture_file)
'''
_END = """for n in np.argsort(-probabilities)[:5]:
    print(f"{CLASSES[n]}: {probabilities[n]:.1%}")
"""
_KERAS = """model = keras.saving.load_model(model_file)
probabilities = np.asarray(model(picture))[0]
"""
_TFLITE = """model = tf.lite.Interpreter(model_file)  # or ai_edge_litert.interpreter.Interpreter
taken, given = model.get_input_details()[0]["index"], model.get_output_details()[0]["index"]
model.resize_tensor_input(taken, picture.shape)
model.allocate_tensors()
model.set_tensor(taken, picture)
model.invoke()
probabilities = model.get_tensor(given)[0]
"""
_ONNX = """model = onnxruntime.InferenceSession(model_file)
probabilities = model.run(None, {model.get_inputs()[0].name: picture})[0][0]
"""
_PARTS = {
    "keras": ("keras tensorflow pillow", "import keras", _KERAS),
    "tflite": ("tensorflow pillow", "import tensorflow as tf", _TFLITE),
    "onnx": ("onnxruntime pillow", "import onnxruntime", _ONNX),
}


def program(form: str, classes: Sequence[str]) -> str:
    """A Python program that asks an export of a form: "keras", "tflite" or "onnx".

    Args:
        form: of the file.
        classes: the names of its classes, in order.
    """
    needs, imports, ask = _PARTS[form]
    names = pprint.pformat(list(classes), width=100, compact=True)
    return _START.format(needs=needs, imports=imports, classes=names) + ask + _END
