"""An imported image classifier: its facts without Keras, and the network from raw images to probabilities."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from studio.classify.models import networks
from studio.classify.models.classifier import Classifier, cached_classifier
from studio.classify.settings import AUTO
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.tasks import File
from studio.imported import safe_copies
from studio.imported.facts import Facts, ImageInput
from studio.imported.preprocessing import ASSUMED, Choice, Preprocessing

_FEW = 3  # images; compiling a network of a hundred layers takes as long as running it on four
_BATCHES = (1,)  # the batch size of the sandbox; a larger one takes more memory


@dataclass(frozen=True)
class Known:
    """The facts about an imported classifier.

    Attributes:
        name: of its file.
        classes: their names.
        size: `(height, width)` in px of the images that it takes.
        parameters: how many.
        preprocessing: that it takes, or is assumed to take.
        reason: of that, in words; "" where it is assumed.
        answers: what its numbers are; see `studio.imported.facts.ImageInput`.
        named: whether the file names its classes.
        flat: whether it takes an image as a row of numbers.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    parameters: int
    preprocessing: Preprocessing = ASSUMED
    reason: str = ""
    answers: str = "probabilities"
    named: bool = True
    flat: bool = False

    def choice(self, setting: str = AUTO) -> Choice:
        """The preprocessing by a setting, which is a choice or "auto"."""
        if setting == AUTO:
            return Choice(self.preprocessing, self.reason)
        return Choice(cast(Preprocessing, setting), "chosen in the settings")


class Flat(InvalidInput):
    """A network that takes a row of numbers; only the user knows whether those are pixels.

    Attributes:
        images: the size of the images that they may be, in words.
    """

    def __init__(self, name: str, count: int, images: str):
        super().__init__(
            f"The model {printable(name, 60)} takes a flat vector of {count:,} values, not an image. "
            f"If these are the pixels of images of {images}, row by row, set `--flat`."
        )
        self.images = images


def known(file: File, flat: bool = False) -> Known:
    """The facts about a kept file. The first time, this takes a little longer than loading Keras takes.

    Args:
        file: kept.
        flat: whether one that takes a row of numbers is given the pixels of an image.

    Raises:
        InvalidInput: if it is refused, or is no image classifier.
    """
    return _known(file, safe_copies.admit(file).facts, flat)


def open(file: File, preprocessing: str = AUTO, flat: bool = False) -> Classifier:
    """The classifier of a kept file, from its safe copy; cached in memory. Raises as `known`.

    Args:
        file: kept.
        preprocessing: one of `preprocessing.LABELS`, or "auto".
        flat: as for `known`.
    """
    copy = admit(file)
    here = _known(file, copy.facts, flat)
    chosen = here.choice(preprocessing).preprocessing

    def make() -> Classifier:
        whole = networks.assemble(copy, here.size, chosen)
        return Classifier(
            here.name,
            file.digest,
            here.classes,
            here.size,
            whole.network,
            whole.maps,
            _BATCHES,
            prepared=whole.prepared,
            preprocessing=chosen,
            independent=here.answers == "shares",
            flat=here.flat,
            few=_FEW,
        )

    return cached_classifier(here.name, f"{file.digest} {chosen}", make)


def admit(file: File) -> safe_copies.SafeCopy:
    """The safe copy of a kept file, in a process that will run it by Keras. Raises as `safe_copies.admit`."""
    with _importing_keras():
        return safe_copies.admit(file)


@contextmanager
def _importing_keras() -> Iterator[None]:
    """Imports Keras in a thread, because this process only waits while a sandbox reads the file."""

    def work() -> None:
        with suppress(Exception):  # the next import raises it again
            importlib.import_module("keras")

    thread = threading.Thread(target=work)
    if "keras" not in sys.modules:
        thread.start()
    try:
        yield
    finally:
        if thread.ident is not None:
            thread.join()


def _known(file: File, facts: Facts, flat: bool) -> Known:
    image = facts.image_input
    if image is None:
        raise invalid(
            f"model {printable(file.name, 60)}",
            expected="an image classifier: one input (height, width, 3 or 1) and one output vector",
            received=f"inputs {_shapes(facts.inputs)}, outputs {_shapes(facts.outputs)}",
        )
    if image.flat and not flat:
        raise _takes_a_row(file.name, image, facts.inputs[0][1] or 0)
    count = facts.classes
    named = len(facts.labels) == count
    return Known(
        PurePath(file.name).stem or "model",
        facts.labels if named else tuple(f"class {n + 1}" for n in range(count)),
        (image.height, image.width),
        facts.parameters,
        image.preprocessing,
        image.reason,
        image.answers,
        named,
        image.flat,
    )


def _takes_a_row(name: str, image: ImageInput, count: int) -> Flat:
    shape = f"{image.height} x {image.width}" + (" x 3" if count > image.height * image.width else "")
    return Flat(name, count, shape)


def _shapes(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    words = (", ".join("any" if size is None else str(size) for size in shape[1:]) for shape in shapes)
    return " and ".join(f"({one})" for one in words)
