"""A creative AI studio on Keras 3. Each folder next to this file is something the studio can do.

`studio.make` does any of it from Python; `studio --help` is the same in a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.core.version import VERSION

if TYPE_CHECKING:
    from studio.notebook import Elsewhere
    from studio.run.program_result import Made

__version__ = VERSION


def make(task: str, /, *, quiet: bool = False, **given: Any) -> Made:
    """Runs a task in this process, and adds what it makes, if it is no answer, to the gallery.

    `studio.make("style.transfer", content="photo.jpg", house="mosaic").save("out.png")`

    Args:
        task: its name, e.g. "style.transfer", "dream.ascend", "faces.draw", "text.write",
            "classify.predict", "vae.train", or its command: "style", "train vae";
            `studio.core.tasks.TASKS` has all.
        quiet: shows no progress.
        given: inputs and settings by their names, which are those of the command's flags with `_` for `-`.
            An image is a path, "sample:NAME", a Pillow image, an array `(H, W, 3) uint8` (or gray, or
            with alpha) or what `make` gave before; a text, model or data set is a path, a name or what
            `make` gave before. `resume=False` starts a stopped training over.

    Returns:
        What was made: `image`, `text`, `figures`, `recipe`, and `save(path)`. A notebook shows it.

    Raises:
        studio.core.errors.StudioError: for all that a user can mend, in one sentence.
        KeyboardInterrupt: after Ctrl-C, if there is no best so far to return.
    """
    from studio.notebook import make  # which loads what `import studio` need not

    return make(task, quiet=quiet, **given)


def connect(url: str, token: str = "") -> Elsewhere:
    """The studio of another machine: `make` there as here, with the same arguments and results.

    `studio.connect("http://box:8501").make("style.transfer", content="photo.jpg", house="mosaic")`

    Inputs are sent there, unless it has them; results are kept here, too. Ctrl-C stops the job there, and a
    lost connection does not: it is taken up again. A data set has to be one file, such as a zip.

    Args:
        url: of its pages.
        token: as `studio token` prints it on that machine; what STUDIO_SERVER_TOKEN holds if none is given.

    Raises:
        studio.core.errors.StudioError: if no studio of this version answers there, or not to this token.
    """
    from studio.notebook import connect

    return connect(url, token)
