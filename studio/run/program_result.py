"""What a task made here, for a program: it saves itself, and shows itself in a notebook."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import tasks
from studio.core.errors import a, invalid, printable
from studio.core.imaging import image_io
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Kind, Result, Task
from studio.run import outputs


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
        """The bytes of its main file: a PNG, a video, UTF-8, JSON or a zip."""
        return self.result.files[0].read()

    @property
    def image(self) -> np.ndarray:
        """The image, `(H, W, 3) uint8`, or `(H, W, 4) uint8` if it has transparency, as `save` writes it.

        Raises:
            InvalidInput: if it is none.
        """
        if self._kind != "image":
            step = "read its `text`, or `save` it"
            raise invalid("image", expected="one", received=a(self._kind), next_step=step)
        return image_io.read_transparent(self.data)

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
        """Writes it, its recipe inside or next to it; a model becomes a folder.

        Args:
            path: its ending says the format of an image; another's must be the one that was made.

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
        return outputs.shown_place(out, str(path))

    def __str__(self) -> str:
        return self.text or repr(self)

    def __repr__(self) -> str:
        files = ", ".join(file.name for file in self.result.files)
        return f"<{self.task.title}: {files}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows: the image, the video or the text."""
        shown: dict[str, Any] = {"text/plain": str(self)}
        if self._kind == "image":
            shown["image/png"] = b64encode(self.data).decode()
        elif self._kind == "animation":
            kind = Path(self.result.files[0].name).suffix.removeprefix(".")
            shown["text/html"] = _video(kind, b64encode(self.data).decode())
        elif self.text:
            shown["text/html"] = f"<pre>{html.escape(self.text)}</pre>"
        return shown


_OF_ONE_FORM = ("animation", "dataset", "network")  # an image is saved as its name says


def _video(kind: str, data: str) -> str:
    if kind == "mp4":
        return f'<video controls loop src="data:video/mp4;base64,{data}"></video>'
    return f'<img src="data:image/{kind};base64,{data}">'
