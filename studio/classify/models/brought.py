"""A picture classifier that a person brings, made elsewhere or exported here."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath

from studio.classify.models import networks
from studio.classify.models.classifier import Classifier, cached_classifier
from studio.classify.settings import FOUND
from studio.core.brought import models
from studio.core.brought.models import check, is_one, named
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.tasks import File

__all__ = ["Known", "check", "is_one", "known", "named", "open"]

_FEW = 3  # pictures; compiling a network of a hundred layers takes as long as looking at four
_BATCHES = (1,)  # what it was tried with where it may fail; more at once takes more memory


@dataclass(frozen=True)
class Known:
    """What is known of a brought classifier without loading it.

    Attributes:
        name: of its file.
        classes: what it tells apart.
        size: `(height, width)` in px of the pictures that it is given.
        parameters: how many numbers it has learnt.
        levels: what it was found to take for the levels of a picture.
        why: in words.
        answers: what its numbers are; see `studio.core.brought.models.Sees`.
        named: whether the file names its classes.
        flat: whether it takes a picture as a row of numbers.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    parameters: int
    levels: str = "0-255"
    why: str = ""
    answers: str = "probabilities"
    named: bool = True
    flat: bool = False


class Flat(InvalidInput):
    """A network that takes a row of numbers; whether those are pixels, only a person knows.

    Attributes:
        pictures: the size of the pictures that they may be, in words.
    """

    def __init__(self, name: str, count: int, pictures: str):
        super().__init__(
            f"The model {printable(name, 60)} takes a row of {count:,} numbers, not a picture. "
            f"If they are the pixels of pictures of {pictures}, row by row, say so with `--flat`."
        )
        self.pictures = pictures


def known(file: File, flat: bool = False) -> Known:
    """What a kept file is. The first time, this takes as long as loading Keras takes, and a little more.

    Args:
        file: kept.
        flat: whether one that takes a row of numbers is given the pixels of a picture.

    Raises:
        InvalidInput: if it cannot be taken, or is no picture classifier.
    """
    return _known(file, models.admit(file).facts, flat)


def open(file: File, levels: str = FOUND, flat: bool = False) -> Classifier:
    """The classifier of a kept file, from its safe copy; held for the next time. Raises as `known`.

    Args:
        file: kept.
        levels: what it is given for the levels of a picture, one of `LEVELS`.
        flat: as for `known`.
    """
    found = admit(file)
    here = _known(file, found.facts, flat)
    given = here.levels if levels == FOUND else levels

    def made() -> Classifier:
        whole = networks.assemble(found, here.size, given)
        independent = here.answers == "shares"
        return Classifier(
            here.name,
            file.digest,
            here.classes,
            here.size,
            whole.network,
            whole.maps,
            _BATCHES,
            prepared=whole.prepared,
            levels=given,
            independent=independent,
            flat=here.flat,
            few=_FEW,
        )

    return cached_classifier(here.name, f"{file.digest} {given}", made)


def admit(file: File) -> models.Brought:
    """The safe copy of a kept file, in a process that will ask it by Keras. Raises as `models.admit`."""
    with _importing_keras():
        return models.admit(file)


@contextmanager
def _importing_keras() -> Iterator[None]:
    """Imports Keras beside what is done: while a sandbox looks a file over, this process only waits."""

    def work() -> None:
        with suppress(Exception):  # whoever needs it next is told
            importlib.import_module("keras")

    beside = threading.Thread(target=work)
    if "keras" not in sys.modules:
        beside.start()
    try:
        yield
    finally:
        if beside.ident is not None:
            beside.join()


def _known(file: File, facts: models.Facts, flat: bool) -> Known:
    if facts.sees is None:
        raise invalid(
            f"model {printable(file.name, 60)}",
            expected="a picture classifier: one input (height, width, 3 or 1), one row of answers",
            received=f"inputs {_shapes(facts.inputs)}, outputs {_shapes(facts.outputs)}",
        )
    count, seen = facts.classes, facts.sees
    if seen.flat and not flat:
        raise _takes_a_row(file.name, seen, facts.inputs[0][1] or 0)
    names = facts.labels if len(facts.labels) == count else tuple(f"class {n + 1}" for n in range(count))
    name = PurePath(file.name).stem or "model"
    size = (seen.height, seen.width)
    own = names == facts.labels
    return Known(name, names, size, facts.parameters, seen.levels, seen.why, seen.answers, own, seen.flat)


def _takes_a_row(name: str, seen: models.Sees, count: int) -> Flat:
    shape = f"{seen.height} x {seen.width}" + (" x 3" if count > seen.height * seen.width else "")
    return Flat(name, count, shape)


def _shapes(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    told = (", ".join("any" if size is None else str(size) for size in shape[1:]) for shape in shapes)
    return " and ".join(f"({one})" for one in told)
