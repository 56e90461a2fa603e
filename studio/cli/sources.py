"""What a person names on the command line -> a kept file: a path, or `sample:NAME`."""

from __future__ import annotations

from pathlib import Path

from studio.core import images, samples
from studio.core.errors import invalid, printable
from studio.core.tasks import File, Slot
from studio.style import paintings

_SAMPLE = "sample:"


def source(slot: Slot, text: str) -> File:
    """Reads, checks and keeps one input, so that what is wrong with it is told before anything heavy starts.

    Raises:
        InvalidInput: if it is no such file or sample, or not of the slot's kind.
    """
    if slot.kind == "picture" and text.startswith(_SAMPLE):
        return _sample(text.removeprefix(_SAMPLE))
    path = Path(text).expanduser()
    if slot.kind == "picture":
        images.read(path)
    return File.keep(path.read_bytes(), slot.kind, path.name)


def _sample(name: str) -> File:
    if name in samples.photos():
        path = samples.path(name)
        return File.keep(path.read_bytes(), "picture", path.name)
    if name in paintings.paintings():
        return File.keep(images.encode_png(paintings.draw(name)), "picture", f"{name}.png")
    known = ", ".join([*samples.photos(), *paintings.paintings()])
    raise invalid(
        f"sample {printable(name, 60)}",
        expected=f"one of {known}",
        received=name,
        next_step="check the spelling",
    )
