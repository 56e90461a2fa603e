"""A trained model that writes, ready in memory. Loads no Keras, so that the first character comes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import InvalidInput, invalid
from studio.core.models import presets
from studio.core.models.recently_used import held
from studio.core.tasks import File
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    import h5py

TASK = "text.train"
SHAPE = ("cell", "layers", "units", "embedding", "tied")  # what weights are shaped by, besides the characters
_HELD: dict[str, Voice] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 4


@dataclass(frozen=True)
class Voice:
    """A model and its characters.

    Attributes:
        name: what a person calls it.
        network: writes and reads.
        vocabulary: its characters.
        digest: SHA-256 of its weights, for recipes.
    """

    name: str
    network: Network
    vocabulary: Vocabulary
    digest: str


def load(preset: str | Path | presets.Preset) -> Voice:
    """The voice of a preset's name, a model folder or a preset; kept in memory for the next time.

    Raises:
        InvalidInput: if there is none, it is no text model, or its files are not whole.
    """
    found = preset if isinstance(preset, presets.Preset) else presets.find(preset)
    voice = held(_HELD, found.key, lambda: _opened(found), _MOST_HELD)
    return replace(voice, name=found.name)  # the same model may have several names


def _opened(preset: presets.Preset) -> Voice:
    weights, settings, vocabulary = parts(preset)
    return Voice(preset.name, Network(weights, settings.cell, settings.tied), vocabulary, preset.digest)


def check(settings: WriteSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless a model is given, or the preset is there and one that writes."""
    if not inputs.get("model"):
        _check_writes(presets.find(settings.preset))


def _check_writes(preset: presets.Preset) -> None:
    if preset.task != TASK:
        raise invalid(
            f"preset {preset.name}",
            expected="a model that writes",
            received=f"one that {preset.task} made",
            next_step="choose another",
        )


def parts(preset: presets.Preset) -> tuple[list[np.ndarray], TrainTextSettings, Vocabulary]:
    """The arrays of a preset, in the order of a `CharacterModel`, its settings and its characters.

    Raises:
        InvalidInput: if it is no text model, or its files are not whole.
    """
    _check_writes(preset)
    settings, characters = preset.settings(), preset.data().get("vocabulary")
    if not isinstance(settings, TrainTextSettings) or not isinstance(characters, str):
        raise _not_whole(preset.name, "no characters")
    vocabulary = Vocabulary(characters)
    return arrays(preset.weights(), settings, len(vocabulary)), settings, vocabulary


def arrays(path: Path, settings: TrainTextSettings, size: int) -> list[np.ndarray]:
    """Reads the weights that Keras saved of a `CharacterModel`, `float32`, in the model's order.

    Only plain arrays of the very shapes are read: no links, no other files, nothing that unpacks.

    Raises:
        InvalidInput: if one is missing, of another shape, or not finite.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return [_array(file, name, shape) for name, shape in layout(settings, size)]
    except OSError:
        raise _not_whole(path.name, "no HDF5 file, or a cut one") from None


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


def _array(file: h5py.File, name: str, shape: tuple[int, ...]) -> np.ndarray:
    import h5py

    place = file
    for part in name.split("/"):
        if not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise _not_whole(name, "none")
        place = place[part]
    # A data set may say that it is huge and store nothing, or lie in another file.
    plain = isinstance(place, h5py.Dataset) and not place.is_virtual and not place.external
    if not plain or place.shape != shape or place.dtype not in ("float32", "float16"):
        raise _not_whole(name, f"shape {getattr(place, 'shape', None)}")
    if place.chunks or place.id.get_storage_size() != place.nbytes:
        raise _not_whole(name, "an array that is not stored as it is")
    array = place[()].astype("float32")
    if not np.isfinite(array).all():
        raise _not_whole(name, "numbers that are not finite")
    return array


def _not_whole(name: str, received: str) -> InvalidInput:
    return invalid(
        f"weights {name}",
        expected="those that its training saved",
        received=received,
        next_step="copy or train the model again",
    )
