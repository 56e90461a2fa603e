"""What Python programs and notebooks call: every task by its name, given paths, pictures and results.

import studio

painted = studio.make("style.transfer", content="photo.jpg", house="mosaic")
studio.make("dream.ascend", content=painted, look="palaces").save("dream.png")
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from studio.cli import console, flags, kept, outputs, sources, train
from studio.core import amounts, paths, tasks
from studio.core.errors import Cancelled, a, invalid, printable, unknown
from studio.core.models import presets
from studio.core.pictures import images
from studio.core.progress import Progress, Report, counted
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File, Kind, Result, Slot, Task
from studio.core.training import checkpoints


@dataclass(frozen=True, repr=False, eq=False)
class Made:
    """What a task made. At the end of a notebook's cell it shows itself.

    Attributes:
        task: that made it.
        settings: with which.
        result: its kept files, figures and recipe.
        sources: the files and folders that it was made from, by their whole paths; it is never saved over
            them, nor are those that were made of it.
    """

    task: Task
    settings: Settings
    result: Result
    sources: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """The bytes of its main file: a PNG, a film, UTF-8, JSON or a zip."""
        return self.result.files[0].read()

    @property
    def image(self) -> np.ndarray:
        """The picture, `(H, W, 3) uint8`. Raises `InvalidInput` if it is none."""
        if self._kind != "picture":
            step = "read its `text`, or `save` it"
            raise invalid("picture", expected="one", received=a(self._kind), next_step=step)
        return images.read(self.data)

    @property
    def text(self) -> str:
        """What it says: all texts, one below the other; of answers, in words. "" if it is no text."""
        if self.task.readable:
            return tasks.imported(self.task.readable)(json.loads(self.data))
        return outputs.text_of(self.result).decode() if self._kind == "text" else ""

    @property
    def answer(self) -> dict[str, Any]:
        """Of a task that answers, such as `classify.predict`: all that it found. Empty for others."""
        return json.loads(self.data) if self.task.readable else {}

    @property
    def figures(self) -> Mapping[str, Any]:
        """Named numbers, such as losses and seconds."""
        return self.result.figures

    @property
    def recipe(self) -> Recipe:
        """What makes it again: `studio replay FILE` does."""
        return self.result.recipe

    @property
    def stopped_early(self) -> bool:
        """Whether Ctrl-C ended it, and this is the best so far."""
        return self.result.stopped_early

    @property
    def _kind(self) -> Kind:
        return self.result.files[0].kind

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes it, its recipe inside or beside it; a model becomes a folder.

        Args:
            path: its ending says the format of a picture; another's must be the one that was made.

        Returns:
            Where it is.

        Raises:
            InvalidInput: if nothing can be written there, the ending is of another kind, or it is one of the
                files that this was made from.
        """
        also = (".json",) if self.task.readable else ()
        out = outputs.checked(str(path), self._kind, self.sources, also)
        made = Path(self.result.files[0].name).suffix.lower()
        if self._kind in _OF_ONE_FORM and out.suffix.lower() != made:
            shown, step = f"output {printable(out.name, 60)}", f"name it so, or make it as {out.suffix}"
            raise invalid(shown, expected=f"a name that ends in {made}", received=out.suffix, next_step=step)
        if self.task.readable:
            outputs.save_answer(self.answer, self.text, self.result, out)
        else:
            out = outputs.save(self.result, out)
        return outputs.told(out, str(path))

    def __str__(self) -> str:
        return self.text or repr(self)

    def __repr__(self) -> str:
        files = ", ".join(file.name for file in self.result.files)
        return f"<{self.task.title}: {files}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows: the picture, the film or the text."""
        shown: dict[str, Any] = {"text/plain": str(self)}
        if self._kind == "picture":
            shown["image/png"] = b64encode(self.data).decode()
        elif self._kind == "animation":
            kind = Path(self.result.files[0].name).suffix.removeprefix(".")
            shown["text/html"] = _film(kind, b64encode(self.data).decode())
        elif self.text:
            shown["text/html"] = f"<pre>{html.escape(self.text)}</pre>"
        return shown


_OF_ONE_FORM = ("animation", "dataset", "network")  # a picture is saved as its name says


def _film(kind: str, data: str) -> str:
    if kind == "mp4":
        return f'<video controls loop src="data:video/mp4;base64,{data}"></video>'
    return f'<img src="data:image/{kind};base64,{data}">'


def make(task: str, /, *, quiet: bool = False, **given: Any) -> Made:
    """Runs a task here, and adds what it makes to the gallery. See `studio.make`."""
    found, made_from = tasks.get(_named(task)), _sources(given)
    resume = given.pop("resume", None) if found.produces == "model" else None
    chosen, inputs = _told_apart(found, given)
    settings = found.settings.parse(chosen)
    tasks.check(found.name, settings, inputs)
    if found.produces == "model":
        train.take_up(checkpoints.find(found.name, settings, inputs), resume, quiet)
    began = time.monotonic()
    try:
        with _working(found, quiet) as progress:
            result = tasks.run(found.name, settings, inputs, progress)
            missed = not result.stopped_early and _asked(progress)
    except Cancelled:
        raise KeyboardInterrupt("Stopped before there was a result.") from None
    if not found.readable:
        kept.in_gallery(result, time.monotonic() - began)
    if missed:  # what is made at once never asks; the loop around it is to end all the same
        raise KeyboardInterrupt("Stopped; the last result is in the gallery.")
    if not quiet:
        for told in result.figures.get("notes", ()):
            console.note(told)
    if result.stopped_early:
        console.note("Stopped early; this is the best so far.")
    return Made(found, settings, result, made_from)


def _asked(progress: Progress) -> bool:
    """Whether a person has asked to stop."""
    try:
        progress.check()
    except Cancelled:
        return True
    return False


def _sources(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The whole paths of what was given: the program may go to another folder before it saves."""
    listed = [value if isinstance(value, list | tuple) else [value] for value in given.values()]
    named = [
        # A picture that Pillow has read from a file knows which.
        getattr(one, "filename", "") if isinstance(one, Image.Image) else one
        for values in listed
        for one in values
    ]
    those = [paths.named(str(one)) for one in named if isinstance(one, str | PathLike)]
    own = [str(one.resolve()) for one in those if one.name and paths.is_there(one)]
    return tuple([*own, *(source for one in named if isinstance(one, Made) for source in one.sources)])


def _named(task: str) -> str:
    """The name of a task that was called by it or, as a person knows it from the terminal, by its command."""
    named = {one.command: one.name for one in map(tasks.get, tasks.TASKS) if one.command}
    return named.get(str(task), str(task))


def _told_apart(task: Task, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[File]]]:
    """What was given by name, as settings and as the files of each input."""
    fields = task.settings.described()
    slots = {slot.argument: slot for slot in task.inputs}
    chosen: dict[str, Any] = {}
    inputs: dict[str, list[File]] = {}
    for name, value in given.items():
        field = fields.get(name)
        slot = slots.get(name)
        known = field and isinstance(value, str) and value in (*task.builtin, *presets.names())
        if slot is None and field is None:
            raise unknown("argument", name, dict.fromkeys([*slots, *fields]))
        if slot is None or known:
            listed = field is not None and field.kind == "list" and isinstance(value, str)
            value = flags.listed(value) if listed else value
            if name in chosen and isinstance(value, list | tuple):  # `style="house:wash", house="mosaic"`
                value = [*chosen[name], *value]
            chosen[name] = value
            continue
        values = list(value) if isinstance(value, list | tuple) else [value]
        prefix = f"{slot.instead}:" if slot.instead else ""
        words = [one for one in values if prefix and isinstance(one, str) and one.startswith(prefix)]
        if words:
            names = [word.removeprefix(prefix) for word in words]
            before = chosen.get(slot.instead, ())
            chosen[slot.instead] = [*before, *names] if isinstance(before, list | tuple) else names
        inputs[slot.name] = [_file(slot, one) for one in values if not any(one is word for word in words)]
    return chosen, inputs


def _file(slot: Slot, value: Any) -> File:
    """One input as a kept file. Raises `InvalidInput` if it is nothing of the kind that the task takes."""
    if isinstance(value, Made):
        return value.result.files[0]
    if isinstance(value, File):
        return value
    if isinstance(value, str | PathLike):
        return sources.source(slot, str(value))
    if slot.kind == "picture" and _is_picture(value):
        value = Image.fromarray(value[..., 0] if value.shape[2:] == (1,) else value)
    if slot.kind == "picture" and isinstance(value, Image.Image) and value.mode != "F":  # of which range?
        data = images.as_png(value, slot.name)
        images.read(data, slot.name)  # what is wrong with it is told before anything heavy starts
        return File.keep(data, "picture", f"{slot.name}.png")
    expected = f"a path of {a(slot.kind)}, or a result of the studio"
    if slot.kind == "picture":
        expected = "a path, a result of the studio, a Pillow image or an array (H, W, 3) uint8, 0 to 255"
    step = "pass one of these"
    raise invalid(slot.name, expected=expected, received=_described(value), next_step=step)


def _is_picture(value: Any) -> bool:
    """Whether it is `(H, W) uint8`, or with 1, 3 or 4 channels: grey, RGB, RGBA."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim not in (2, 3):
        return False
    return min(value.shape) > 0 and value.shape[2:] in ((), (1,), (3,), (4,))


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} {value.dtype}"
    if isinstance(value, Image.Image):
        return f"one of mode {value.mode}"
    return type(value).__name__


@contextlib.contextmanager
def _working(task: Task, quiet: bool) -> Iterator[Progress]:
    """Progress as the commands show it; in a notebook, as one line. Ctrl-C asks for the best so far."""
    if threading.current_thread() is not threading.main_thread():  # where no signal can be heard
        yield Progress()
        return
    in_notebook = "ipykernel" in sys.modules and not quiet
    wishes = argparse.Namespace(quiet=quiet, verbose=False)
    try:
        with console.working(task.title, wishes, partial(_say, task) if in_notebook else None) as progress:
            yield progress
    finally:
        if in_notebook:
            sys.stderr.write("\r" + " " * _LINE + "\r")


_LINE = 79


def _say(task: Task, report: Report) -> None:
    writes = task.produces == "text" and report.step > 0  # then the text is what it wrote so far
    stage = task.title if writes or not report.stage else f"{task.title}: {report.stage}"
    told = "  ".join(filter(None, (stage, counted(report), amounts.left(report.seconds_left))))
    sys.stderr.write(f"\r{printable(told, _LINE):<{_LINE}}")
    sys.stderr.flush()
