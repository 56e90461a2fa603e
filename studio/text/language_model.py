"""Trained language models in memory. Loads no Keras, so that the first character takes no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.core.errors import invalid
from studio.core.models import loading, presets
from studio.core.models.lru import get_or_make
from studio.core.tasks import File
from studio.text.networks import AnyNetwork, build_network, layout
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary

TASK = "text.train"
# settings that, with the number of characters, determine the shapes of the weights
SHAPE_SETTINGS = ("architecture", "layers", "units", "heads", "embedding", "tied")
_CACHE: dict[str, LanguageModel] = {}  # models in this worker's memory, by the key of their preset
_MAX_CACHED = 4


@dataclass(frozen=True)
class LanguageModel:
    """A language model and its vocabulary.

    Attributes:
        name: name under which it was loaded.
        network: the network, in NumPy.
        vocabulary: characters of the model.
        digest: SHA-256 of the weights, for recipes.
    """

    name: str
    network: AnyNetwork
    vocabulary: Vocabulary
    digest: str


def load(preset: str | Path | presets.Preset) -> LanguageModel:
    """Loads a language model and caches it in memory.

    Args:
        preset: name of a preset, a model folder, or a preset.

    Raises:
        InvalidInput: if there is none, it is not a language model, or its files are incomplete.
    """
    resolved = preset if isinstance(preset, presets.Preset) else presets.find(preset, [TASK])
    language_model = get_or_make(_CACHE, resolved.key, lambda: _load(resolved), _MAX_CACHED)
    return replace(language_model, name=resolved.name)  # the same model may have several names


def _load(preset: presets.Preset) -> LanguageModel:
    weights, settings, vocabulary = read_model(preset)
    return LanguageModel(preset.name, build_network(weights, settings), vocabulary, preset.digest)


def check(settings: WriteSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` if no model is uploaded and the preset is missing or not a language model."""
    if not inputs.get("model"):
        check_is_language_model(presets.find(settings.preset, [TASK]))


def check_is_language_model(preset: presets.Preset) -> None:
    """Raises `InvalidInput` if a preset is not a language model."""
    if preset.task != TASK:
        raise invalid(
            f"preset {preset.name}",
            expected="a language model",
            received=f"its task is {preset.task}",
        )


def read_model(preset: presets.Preset) -> tuple[list[np.ndarray], TrainTextSettings, Vocabulary]:
    """Returns the arrays of a preset, in the order of its Keras model, its settings and its vocabulary.

    Raises:
        InvalidInput: if it is not a language model, or its files are incomplete.
    """
    check_is_language_model(preset)
    settings, characters = preset.read_settings(), preset.read_data().get("vocabulary")
    if not isinstance(settings, TrainTextSettings) or not isinstance(characters, str):
        raise loading.damaged_weights_error(preset.name, "no characters")
    vocabulary = Vocabulary(characters)
    arrays = loading.read_arrays(preset.check_weights(), layout(settings, len(vocabulary)))
    return arrays, settings, vocabulary
