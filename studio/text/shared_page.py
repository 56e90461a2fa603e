"""The content of the page that shares a language model: see `studio.core.share.page`.

Its network is a few products of a matrix and a vector per character, so the page needs no LiteRT.js.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.models.presets import Preset
from studio.core.share.page import Content
from studio.text import language_model
from studio.text.settings import WriteSettings

CHARACTERS = 600  # length of a text
_NAMES = {"lstm": "LSTM", "gru": "GRU", "transformer": "Transformer"}
_MAX_FLOAT16 = float(np.finfo("float16").max)


def build_content(preset: Preset) -> Content:
    """Builds the content of the page of a language model, with its weights as float16.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    arrays, settings, vocabulary = language_model.read_model(preset)
    halves = [array.clip(-_MAX_FLOAT16, _MAX_FLOAT16).astype("float16") for array in arrays]
    return Content(
        f"A character-level {_NAMES[settings.architecture]}. "
        "Type the beginning of a text, and it continues one character at a time.",
        Path(__file__).with_suffix(".js"),
        {
            "architecture": settings.architecture,
            "layers": settings.layers,
            "heads": settings.heads,
            "window": settings.sequence,
            "tied": settings.tied,
            "characters": vocabulary.characters,
            "count": CHARACTERS,
            "shapes": [array.shape for array in arrays],
            "prompt": WriteSettings().prompt,
            "temperature": WriteSettings().temperature,
        },
        files={"weights": b"".join(array.tobytes() for array in halves)},
    )
