"""A picture classifier that a person brings, made elsewhere or exported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from studio.classify.models import networks, trained
from studio.classify.models.trained import Classifier
from studio.classify.settings import FOUND
from studio.core.brought import models
from studio.core.brought.models import check, is_one, named
from studio.core.errors import invalid, printable
from studio.core.tasks import File

__all__ = ["Known", "check", "is_one", "known", "named", "open"]

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
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    parameters: int
    levels: str = "0-255"
    why: str = ""
    answers: str = "probabilities"
    named: bool = True


def known(file: File) -> Known:
    """What a kept file is. The first time, this takes as long as loading Keras takes, and a little more.

    Raises:
        InvalidInput: if it cannot be taken, or is no picture classifier.
    """
    return _known(file, models.admit(file).facts)


def open(file: File, levels: str = FOUND) -> Classifier:
    """The classifier of a kept file, from its safe copy; held for the next time. Raises as `known`.

    Args:
        file: kept.
        levels: what it is given for the levels of a picture, one of `LEVELS`.
    """
    found = models.admit(file)
    here = _known(file, found.facts)
    given = here.levels if levels == FOUND else levels

    def made() -> Classifier:
        network, maps = networks.assemble(found, here.size, given)
        independent = here.answers == "shares"
        return Classifier(
            here.name, file.digest, here.classes, here.size, network, maps, _BATCHES, independent=independent
        )

    return trained.held(here.name, f"{file.digest} {given}", made)


def _known(file: File, facts: models.Facts) -> Known:
    if facts.sees is None:
        raise invalid(
            f"model {printable(file.name, 60)}",
            expected="a picture classifier: one input (height, width, 3 or 1), one row of answers",
            received=f"inputs {_shapes(facts.inputs)}, outputs {_shapes(facts.outputs)}",
            next_step="choose another model",
        )
    count, seen = facts.classes, facts.sees
    names = facts.labels if len(facts.labels) == count else tuple(f"class {n + 1}" for n in range(count))
    name = PurePath(file.name).stem or "model"
    size = (seen.height, seen.width)
    own = names == facts.labels
    return Known(name, names, size, facts.parameters, seen.levels, seen.why, seen.answers, own)


def _shapes(shapes: tuple[tuple[int | None, ...], ...]) -> str:
    told = (", ".join("any" if size is None else str(size) for size in shape[1:]) for shape in shapes)
    return " and ".join(f"({one})" for one in told)
