"""Imported classifiers as LiteRT files: their second prediction and all later ones need no Keras.

A network is exported once Keras has loaded its safe copy, compared with it, and kept beside that. A network
that cannot be exported, or whose export predicts something else, runs in Keras.
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.models import brought, crop, scales
from studio.classify.settings import FOUND
from studio.core import paths
from studio.core.brought import models
from studio.core.brought.rebuilding import answers
from studio.core.litert import convert
from studio.core.litert.network import Network
from studio.core.models.recently_used import get_or_make
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.tasks import File

if TYPE_CHECKING:
    import keras

APART = 5e-4  # of a share, at most, on any picture it is compared on: a person is told tenths of 1 %
_TRIED = 2  # pictures of noise that it is compared on, beside one of the person's
_HELD: dict[str, Network] = {}
_MOST_HELD = 3
_MOST_PARAMETERS = 30_000_000  # 120 MB; a larger file takes much disk space for little
_NONE = b""  # kept in place of a network that cannot be exported, so that it is not tried again

log = logging.getLogger("studio.brought")


@dataclass(frozen=True)
class Exported:
    """An exported classifier; it predicts as a `Classifier` does.

    Attributes:
        name, digest, classes: as of a `Classifier`.
        known: what is known of it.
        levels: what it is given for the levels of a picture.
        shape: of one image as the network takes it.
        network: from one image, as `prepared` returns it, to its output.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    known: brought.Known
    levels: str
    shape: tuple[int, ...]
    network: Network

    def probabilities(self, pictures: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """As `Classifier.probabilities`."""
        progress, rows = progress or Progress(), []
        for at, picture in enumerate(pictures):
            progress.report(at, len(pictures), text="Looking at pictures")
            taken = prepared(picture, self.known.size, self.levels, self.shape)
            rows.append(shares(self.network(taken)[0], self.known.answers)[0])
        return np.array(rows, "float32").reshape(len(pictures), len(self.classes))


def prepared(picture: np.ndarray, size: tuple[int, int], levels: str, shape: tuple[int, ...]) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(1, *shape) float32`: what `networks.assemble` does before a network.

    Args:
        picture: of any size.
        size: height and width that it is brought to.
        levels: one of `scales.SCALES`.
        shape: of what the network takes: a picture in colours, a grey one, or its numbers in a row.
    """
    taken = answers.rolled((None, *shape)) or shape
    kernel, bias = scales.mix(levels, 3 if len(taken) == 3 and taken[2] == 3 else 1)
    return (crop.cut(picture, *size).astype("float32") @ kernel + bias).reshape(1, *shape)


def shares(rows: np.ndarray, way: str) -> np.ndarray:
    """`(n, ..., k)` answers of a network -> `(n, k)` shares: what `networks.assemble` does after one.

    Args:
        way: what its answers are; see `models.Sees`.
    """
    rows = rows.reshape(len(rows), rows.shape[-1])
    if way == "logits" or (way == "logit" and rows.shape[1] != 1):
        raised = np.exp(rows - rows.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    if way in ("share", "logit"):
        second = 1 / (1 + np.exp(-rows)) if way == "logit" else rows
        return np.concatenate([1 - second, second], axis=1)
    return rows


def find(file: File, levels: str, flat: bool) -> Exported | None:
    """The exported classifier of a kept file; None where it is not exported yet, or cannot be.

    Args:
        file, levels, flat: as for `brought.open`.

    Raises:
        InvalidInput: as `brought.known`.
    """
    if not models.is_admitted(file):
        return None
    known = brought.known(file, flat)
    path = _path(models.admit(file))
    if not path.is_file() or path.stat().st_size == len(_NONE):
        return None
    network = get_or_make(_HELD, file.digest, lambda: _opened(path.read_bytes()), _MOST_HELD)
    return _exported(file, known, levels, network)


def make(file: File, levels: str, flat: bool, picture: np.ndarray) -> Exported | None:
    """Exports the classifier of a kept file, unless that was tried; None if it is left to Keras.

    Args:
        file, levels, flat: as for `brought.open`.
        picture: `(H, W, 3) uint8`; one that it is compared on.

    Raises:
        InvalidInput: as `brought.known`.
    """
    copy = brought.admit(file)  # which imports Keras meanwhile

    import keras

    known, path = brought.known(file, flat), _path(copy)
    if path.exists():
        return find(file, levels, flat)
    if not convert.can_export():
        return None
    whole = keras.saving.load_model(copy.path, compile=False)
    network = keras.Model(whole.inputs[0], whole.outputs[0])
    try:
        model = _export(network)
        apart = _apart(_exported(file, known, levels, _opened(model)), network, picture)
    except Exception as error:  # Keras answers instead; why is for whoever keeps the studio
        log.info("a network is asked by Keras: %s %s", type(error).__name__, error)
        apart = np.inf
    paths.write(path, model if apart <= APART else _NONE)  # nobody finds one that was not compared
    return find(file, levels, flat)


def _exported(file: File, known: brought.Known, levels: str, network: Network) -> Exported:
    given = known.levels if levels == FOUND else levels
    taken = network.takes[0][1:]
    shape = taken if known.flat else (*known.size, *taken[2:])  # a free side is stated as 1
    return Exported(known.name, file.digest, known.classes, known, given, shape, network)


def _export(network: keras.Model) -> bytes:
    """The LiteRT file of a network; raises what the converter raises, or `ValueError` if it is too large."""
    if network.inputs[0].dtype != "float32" or network.count_params() > _MOST_PARAMETERS:
        raise ValueError("its inputs or its size")
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        path = Path(place) / "network.tflite"
        convert.export(network, path)
        return path.read_bytes()


def _apart(made: Exported, network: keras.Model, picture: np.ndarray) -> float:
    """The largest difference between the probabilities of an exported network and those of its origin."""
    rng, size = np.random.default_rng(0), made.known.size
    noise = [rng.integers(0, 256 >> 2 * n, (*size, 3)).astype("uint8") for n in range(_TRIED)]
    tried = [picture, *noise]
    given = np.concatenate([prepared(one, size, made.levels, made.shape) for one in tried])
    wanted = shares(np.asarray(network(given, training=False)), made.known.answers)
    return float(np.abs(made.probabilities(tried) - wanted).max())


def _path(copy: models.Brought) -> Path:
    return copy.path.with_name("network.tflite")


def _opened(model: bytes) -> Network:
    return Network(model, math.ceil(limits.processors()))
