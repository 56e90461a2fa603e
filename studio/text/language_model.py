"""A trained model that writes, ready in memory. Loads no Keras, so that the first character comes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.core.errors import invalid
from studio.core.models import loading, presets
from studio.core.models.recently_used import get_or_make
from studio.core.tasks import File
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary

TASK = "text.train"
SHAPE = ("cell", "layers", "units", "embedding", "tied")  # what weights are shaped by, besides the characters
_HELD: dict[str, LanguageModel] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 4


@dataclass(frozen=True)
class LanguageModel:
    """A model and its characters.

    Attributes:
        name: what a user calls it.
        network: writes and reads.
        vocabulary: its characters.
        digest: SHA-256 of its weights, for recipes.
    """

    name: str
    network: Network
    vocabulary: Vocabulary
    digest: str


def load(preset: str | Path | presets.Preset) -> LanguageModel:
    """The language model of a preset's name, a model folder or a preset; kept in memory for the next time.

    Raises:
        InvalidInput: if there is none, it is no text model, or its files are not whole.
    """
    found = preset if isinstance(preset, presets.Preset) else presets.find(preset)
    language_model = get_or_make(_HELD, found.key, lambda: _opened(found), _MOST_HELD)
    return replace(language_model, name=found.name)  # the same model may have several names


def _opened(preset: presets.Preset) -> LanguageModel:
    weights, settings, vocabulary = parts(preset)
    return LanguageModel(
        preset.name, Network(weights, settings.cell, settings.tied), vocabulary, preset.digest
    )


def check(settings: WriteSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless a model is given, or the preset is there and one that writes."""
    if not inputs.get("model"):
        check_writes(presets.find(settings.preset))


def check_writes(preset: presets.Preset) -> None:
    """Raises `InvalidInput` unless a preset is a model that writes."""
    if preset.task != TASK:
        raise invalid(
            f"preset {preset.name}",
            expected="a language model",
            received=f"its task is {preset.task}",
        )


def parts(preset: presets.Preset) -> tuple[list[np.ndarray], TrainTextSettings, Vocabulary]:
    """The arrays of a preset, in the order of a `CharacterModel`, its settings and its characters.

    Raises:
        InvalidInput: if it is no text model, or its files are not whole.
    """
    check_writes(preset)
    settings, characters = preset.settings(), preset.data().get("vocabulary")
    if not isinstance(settings, TrainTextSettings) or not isinstance(characters, str):
        raise loading.not_whole(preset.name, "no characters")
    vocabulary = Vocabulary(characters)
    return arrays(preset.weights(), settings, len(vocabulary)), settings, vocabulary


def arrays(path: Path, settings: TrainTextSettings, size: int) -> list[np.ndarray]:
    """Reads the weights that Keras saved of a `CharacterModel`, `float32`, in the model's order.

    Only plain arrays of the very shapes are read: no links, no other files, nothing that unpacks.

    Raises:
        InvalidInput: if one is missing, of another shape, or not finite.
    """
    return loading.arrays(path, layout(settings, size))


def layout(settings: TrainTextSettings, size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where Keras puts each array of a `CharacterModel` in a `.weights.h5`, and its shape."""
    units, width = settings.units, settings.embedding
    gates = units * (4 if settings.cell == "lstm" else 3)
    yield "embedding/vars/0", (size, width)
    for n in range(settings.layers):
        at = f"layers/{settings.cell}{f'_{n}' if n else ''}/cell/vars"
        yield f"{at}/0", (units if n else width, gates)
        yield f"{at}/1", (units, gates)
        yield f"{at}/2", (gates,) if settings.cell == "lstm" else (2, gates)
    if settings.tied:
        yield "layers/dense/vars/0", (units, width)
        yield "head/vars/0", (size,)
    else:
        yield "head/vars/0", (units, size)
        yield "head/vars/1", (size,)
