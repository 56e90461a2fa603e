"""The result of a task in a Python program, with methods to save it and to show it in a notebook."""

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
from studio.core.errors import invalid, make_printable, with_article
from studio.core.imaging import image_io
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Kind, Result, Task
from studio.run import outputs


@dataclass(frozen=True, repr=False, eq=False)
class Output:
    """The output of a task, which a notebook displays at the end of a cell.

    Attributes:
        task: the task.
        settings: settings of the task.
        result: stored files, figures and recipe.
        sources: absolute paths of the input files and folders; `save` of this output, and of outputs made
            from it, never overwrites them.
    """

    task: Task
    settings: Settings
    result: Result
    sources: tuple[str, ...] = ()

    @property
    def data(self) -> bytes:
        """Returns the bytes of the main file: a PNG, a video, UTF-8, JSON or a zip."""
        return self.result.files[0].read()

    @property
    def image(self) -> np.ndarray:
        """Returns the image, `(H, W, 3) uint8`, or `(H, W, 4) uint8` if it has transparency.

        Raises:
            InvalidInput: if the output is not an image.
        """
        if self._kind != "image":
            step = "read its `text`, or `save` it"
            raise invalid("image", expected="one", received=with_article(self._kind), next_step=step)
        return image_io.read_transparent(self.data)

    @property
    def text(self) -> str:
        """Returns all texts, one below the other, or an answer in words; "" for other outputs."""
        if self.task.format_json:
            return tasks.import_object(self.task.format_json)(json.loads(self.data))
        return outputs.join_texts(self.result).decode() if self._kind == "text" else ""

    @property
    def answer(self) -> dict[str, Any]:
        """Returns the answer of a task such as `classify.predict`; empty for other tasks."""
        return json.loads(self.data) if self.task.format_json else {}

    @property
    def figures(self) -> Mapping[str, Any]:
        """Returns named figures, such as losses and seconds."""
        return self.result.figures

    @property
    def recipe(self) -> Recipe:
        """Returns the recipe, with which `studio replay FILE` repeats the task."""
        return self.result.recipe

    @property
    def stopped_early(self) -> bool:
        """Returns whether Ctrl-C ended the task early, so that this is the best result until then."""
        return self.result.stopped_early

    @property
    def _kind(self) -> Kind:
        return self.result.files[0].kind

    def save(self, path: str | PathLike[str]) -> Path:
        """Saves the output with its recipe inside or next to it; a model becomes a folder.

        Args:
            path: for an image, its ending selects the format; for others, it must match the file.

        Returns:
            The path of the file or folder.

        Raises:
            InvalidInput: if the path cannot be written, its ending does not match, or it is an input of the
                task.
        """
        more_endings = (".json",) if self.task.format_json else ()
        out = outputs.resolve_output(str(path), self._kind, self.sources, more_endings)
        ending = Path(self.result.files[0].name).suffix.lower()
        if self._kind in _FIXED_FORMAT_KINDS and out.suffix.lower() != ending:
            label, step = f"output {make_printable(out.name, 60)}", f"name it so, or make it as {out.suffix}"
            raise invalid(
                label, expected=f"a name that ends in {ending}", received=out.suffix, next_step=step
            )
        if self.task.format_json:
            outputs.save_answer(self.answer, self.text, self.result, out)
        else:
            out = outputs.save_result(self.result, out)
        return outputs.display_path(out, str(path))

    def __str__(self) -> str:
        return self.text or repr(self)

    def __repr__(self) -> str:
        files = ", ".join(file.name for file in self.result.files)
        return f"<{self.task.title}: {files}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Returns what a notebook displays: the image, the video or the text."""
        bundle: dict[str, Any] = {"text/plain": str(self)}
        if self._kind == "image":
            bundle["image/png"] = b64encode(self.data).decode()
        elif self._kind == "animation":
            video_format = Path(self.result.files[0].name).suffix.removeprefix(".")
            bundle["text/html"] = _video_html(video_format, b64encode(self.data).decode())
        elif self.text:
            bundle["text/html"] = f"<pre>{html.escape(self.text)}</pre>"
        return bundle


_FIXED_FORMAT_KINDS = ("animation", "dataset", "network")  # an image is converted to the format of the path


def _video_html(video_format: str, data: str) -> str:
    """Returns the HTML that shows a video or animation, given in base64."""
    if video_format == "mp4":
        return f'<video controls loop src="data:video/mp4;base64,{data}"></video>'
    return f'<img src="data:image/{video_format};base64,{data}">'
