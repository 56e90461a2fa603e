"""Imported classifiers written for LiteRT: asked what pictures show, from the second look on without Keras.

A network is written once Keras has loaded its safe copy, compared with it, and kept beside that. One that
says something else, or has layers that are not written, is asked by Keras.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.classify.litert import from_keras
from studio.classify.models import crop, imported_classifier
from studio.core import paths
from studio.core.litert.interpreter import Network
from studio.core.models.recently_used import get_or_make
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.imported import image_input, preprocessing, safe_copies

if TYPE_CHECKING:
    import keras

APART = 5e-4  # of a share, at most, on any picture it is compared on: a person is told tenths of 1 %
_TRIED = 2  # pictures of noise that it is compared on, beside one of the person's
_HELD: dict[str, Network] = {}
_MOST_HELD = 3
_NONE = b""  # kept in place of a network that cannot be written, so that it is not tried again

log = logging.getLogger("studio.imported")


@dataclass(frozen=True)
class Written:
    """A written classifier, ready to look; asked as a `Classifier` is.

    Attributes:
        name, digest, classes: as of a `Classifier`.
        known: what is known of it.
        preprocessing: one of `preprocessing.LABELS`.
        network: from one picture as `prepared` gives it to its own answer.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    known: imported_classifier.Known
    preprocessing: str
    network: Network

    def probabilities(self, pictures: Sequence[np.ndarray], progress: Progress | None = None) -> np.ndarray:
        """As `Classifier.probabilities`."""
        progress, rows = progress or Progress(), []
        for at, picture in enumerate(pictures):
            progress.report(at, len(pictures), text="Looking at pictures")
            taken = prepared(picture, self.known.size, self.preprocessing, self.network.takes[0][1:])
            rows.append(shares(self.network(taken)[0], self.known.answers)[0])
        return np.array(rows, "float32").reshape(len(pictures), len(self.classes))


def prepared(picture: np.ndarray, size: tuple[int, int], chosen: str, shape: tuple[int, ...]) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(1, *shape) float32`: what `networks.assemble` does before a network.

    Args:
        picture: of any size.
        size: height and width to which it is resized.
        chosen: one of `preprocessing.LABELS`.
        shape: of what the network takes: a picture in colours, a grey one, or its numbers in a row.
    """
    kernel, bias = preprocessing.mix(chosen, image_input.channels((None, *shape)))
    return (crop.cut(picture, *size).astype("float32") @ kernel + bias).reshape(1, *shape)


def shares(rows: np.ndarray, way: str) -> np.ndarray:
    """`(n, ..., k)` answers of a network -> `(n, k)` shares: what `networks.assemble` does after one.

    Args:
        way: what its answers are; see `facts.ImageInput`.
    """
    rows = rows.reshape(len(rows), rows.shape[-1])
    if way == "logits" or (way == "logit" and rows.shape[1] != 1):
        raised = np.exp(rows - rows.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    if way in ("share", "logit"):
        second = 1 / (1 + np.exp(-rows)) if way == "logit" else rows
        return np.concatenate([1 - second, second], axis=1)
    return rows


def found(file: File, chosen: str, flat: bool) -> Written | None:
    """The written classifier of a kept file; None where it is not written yet, or cannot be.

    Args:
        file, chosen, flat: as for `imported_classifier.open`.

    Raises:
        InvalidInput: as `imported_classifier.known`.
    """
    if not safe_copies.is_admitted(file):
        return None
    known = imported_classifier.known(file, flat)
    path = _path(safe_copies.admit(file))
    if not path.is_file() or path.stat().st_size == len(_NONE):
        return None
    network = get_or_make(_HELD, file.digest, lambda: _opened(path.read_bytes()), _MOST_HELD)
    return _written(file, known, chosen, network)


def make(file: File, chosen: str, flat: bool, picture: np.ndarray) -> Written | None:
    """Writes the classifier of a kept file, unless that was tried; None if it is left to Keras.

    Args:
        file, chosen, flat: as for `imported_classifier.open`.
        picture: `(H, W, 3) uint8`; one that it is compared on.

    Raises:
        InvalidInput: as `imported_classifier.known`.
    """
    copy = imported_classifier.admit(file)  # which imports Keras meanwhile

    import keras

    known, path = imported_classifier.known(file, flat), _path(copy)
    if path.exists():
        return found(file, chosen, flat)
    whole = keras.saving.load_model(copy.path, compile=False)
    network = keras.Model(whole.inputs[0], whole.outputs[0])
    try:
        model = from_keras.write(network, _taken(network, known))
        apart = _apart(_written(file, known, chosen, _opened(model)), network, picture)
    except Exception as error:  # Keras answers instead; why is for whoever keeps the studio
        log.info("a network is asked by Keras: %s %s", type(error).__name__, error)
        apart = np.inf
    paths.write(path, model if apart <= APART else _NONE)  # nobody finds one that was not compared
    return found(file, chosen, flat)


def _written(file: File, known: imported_classifier.Known, chosen: str, network: Network) -> Written:
    choice = known.choice(chosen)
    return Written(known.name, file.digest, known.classes, known, choice.preprocessing, network)


def _taken(network: keras.Model, known: imported_classifier.Known) -> tuple[int, ...]:
    """The shape of one picture that a network takes, of the size that it is given."""
    if network.inputs[0].dtype != "float32":
        raise from_keras.NotCovered("pictures of whole numbers")
    shape = network.inputs[0].shape[1:]
    return shape if known.flat else (*known.size, *shape[2:])


def _apart(made: Written, network: keras.Model, picture: np.ndarray) -> float:
    """How far, at most, a written network is from the one that it was written of, in shares."""
    rng, size = np.random.default_rng(0), made.known.size
    noise = [rng.integers(0, 256 >> 2 * n, (*size, 3)).astype("uint8") for n in range(_TRIED)]
    tried, shape = [picture, *noise], made.network.takes[0][1:]
    given = np.concatenate([prepared(one, size, made.preprocessing, shape) for one in tried])
    wanted = shares(np.asarray(network(given, training=False)), made.known.answers)
    return float(np.abs(made.probabilities(tried) - wanted).max())


def _path(copy: safe_copies.SafeCopy) -> Path:
    return copy.path.with_name("written.tflite")


def _opened(model: bytes) -> Network:
    return Network(model, math.ceil(limits.processors()))
